"""Every reason, and which of two goes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from activity_sync.rules.difference import Known, Reason, explain

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
READ = Known(NOW - timedelta(days=1), NOW - timedelta(days=400), read_until=NOW)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (replace(READ, link="linked", counterpart="there"), Reason.NOT_DUE),
        (replace(READ, link="linked", counterpart="gone"), Reason.DELETED),
        (replace(READ, link="linked", counterpart="unseen"), Reason.UNLINKED),
        (replace(READ, link="pending"), Reason.NOT_DUE),
        (replace(READ, link="tombstoned"), Reason.DELETED),
        (replace(READ, link="tombstoned", open_as="held", open_reason="edited_after_delete"), Reason.HELD),
        (replace(READ, link="linked", counterpart="gone", open_as="held"), Reason.HELD),
        (replace(READ, open_as="deferred"), Reason.DEFERRED),
        (replace(READ, open_as="failed"), Reason.FAILED),
        (replace(READ, open_as="dismissed"), Reason.FAILED),
        (replace(READ, twin="7", outcome="filtered"), Reason.DUPLICATE),
        (replace(READ, flow_on=False), Reason.FILTERED),
        (replace(READ, outcome="filtered", outcome_reason="no_association"), Reason.FILTERED),
        (replace(READ, modified_at=READ.start - timedelta(seconds=1)), Reason.FILTERED),
        (replace(READ, modified_at=NOW), Reason.NOT_DUE),
        (replace(READ, read_until=None), Reason.NOT_DUE),
        (READ, Reason.UNLINKED),
    ],
)
def test_each_reason(known: Known, reason: Reason):
    found, detail = explain(known)

    assert found is reason
    assert detail or known.open_as


def test_every_combination_has_a_reason():
    for link, counterpart, open_as, outcome, on in product(
        ("", "pending", "linked", "tombstoned"),
        ("", "there", "gone", "unseen"),
        ("", "deferred", "held", "failed", "dismissed"),
        ("", "created", "filtered", "unchanged"),
        (True, False),
    ):
        found, _ = explain(
            replace(READ, link=link, counterpart=counterpart, open_as=open_as, outcome=outcome, flow_on=on)
        )
        assert found in set(Reason)
