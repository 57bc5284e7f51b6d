"""A copy holds what the ledger held, and what is done to either is not seen in the other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger import Ledger
from activity_sync.ledger.engine import connect
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.ledger.processes import Holder
from activity_sync.ledger.scratch import copy_rows
from activity_sync.rules.values import Missing

FLOW, KIND = Flow("hubspot", "dynamics"), ActivityType.CALL


@pytest.fixture
def filled(ledger: Ledger, now: datetime) -> Ledger:
    """A ledger with something in each place that a preview looks at."""
    ledger.confirm_accounts({"hubspot": "1", "dynamics": "2"})
    ledger.move_watermark(FLOW.name, KIND, now)
    ledger.settle_records(FLOW, "contact", {"1": "c-1"}, now=now)
    ledger.record_outstanding(
        [
            Outstanding(
                FLOW.name, KIND, str(n), OutstandingState.FILTERED, now, now, waits_for=(Missing("h", "c", "9"),)
            )
            for n in range(2_500)
        ]
    )
    assert ledger.acquire_lease(FLOW.name, KIND, holder=Holder.here(), now=datetime.now(tz=UTC)) is not None
    return ledger


def told(ledger: Ledger) -> object:
    return (
        ledger.accounts(),
        ledger.watermark(FLOW.name, KIND),
        ledger.made_records(FLOW, "contact", ["1"]),
        ledger.list_outstanding(OutstandingState.FILTERED),
    )


def test_a_copy_holds_everything_but_leases(filled: Ledger, tmp_path: Path) -> None:
    with filled.copy(tmp_path / "copy.db") as copy:
        assert told(copy) == told(filled)
        assert copy.lease_holder(FLOW.name, KIND) is None
        assert filled.lease_holder(FLOW.name, KIND) is not None


def test_row_by_row_it_holds_the_same(filled: Ledger, tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'rows.db'}")

    copy_rows(filled._engine, engine)

    with Ledger(engine) as copy:
        assert told(copy) == told(filled)


def test_what_is_done_in_a_copy_stays_in_it(filled: Ledger, tmp_path: Path, now: datetime) -> None:
    before = told(filled)

    with filled.copy(tmp_path / "copy.db") as copy:
        copy.clear_outstanding(FLOW.name, KIND, ["1", "2"])
        copy.settle_records(FLOW, "contact", {"2": "c-2"}, now=now)
        assert told(copy) != before

    assert told(filled) == before
