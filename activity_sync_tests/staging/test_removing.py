"""Rows of some records, and files that have grown old, are taken out of staging; nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import Staging

FLOW = "hubspot_to_dynamics"
EMAIL = ActivityType.EMAIL
DAY, NEXT = "2026-11-01", "2026-11-02"


@pytest.fixture
def staged(stage: Callable[..., None], staging: Staging) -> Staging:
    """Two runs that read three mails; one of them names Ann in its body, another in an API's message."""
    for run in ("run-1", "run-2"):
        stage(
            Step.EXTRACTED,
            run,
            {"partition": DAY, "source_id": "1", "payload": '{"body":"to Ann@Acme.example."}'},
            {"partition": NEXT, "source_id": "2", "payload": "{}"},
            {"partition": NEXT, "source_id": "3", "payload": '{"body":"to joann@acme.example"}'},
        )
    stage(Step.LOADED, "run-2", {"partition": NEXT, "source_id": "2", "message": "ann@acme.example is no address"})
    return staging


def ids(staging: Staging, step: Step = Step.EXTRACTED, run_id: str | None = None) -> list[str]:
    return sorted(staging.source_ids(FLOW, EMAIL, step, run_id=run_id))


def test_records_are_found_by_what_any_of_their_rows_says(staged: Staging) -> None:
    assert staged.mentions(FLOW, EMAIL, patterns=[r"(?:^|[^a-z])ann@acme\.example"], texts=[]) == {"1", "2"}
    assert staged.mentions(FLOW, EMAIL, patterns=[], texts=["joann@"]) == {"3"}
    assert staged.mentions(FLOW, EMAIL, patterns=[], texts=[]) == set()
    assert staged.mentions(FLOW, ActivityType.NOTE, patterns=["ann"], texts=[]) == set()


def test_source_ids_and_run_ids_are_no_content(staged: Staging) -> None:
    assert staged.mentions(FLOW, EMAIL, patterns=["run-1"], texts=[DAY]) == set()


def test_all_rows_of_a_record_are_taken_out_of_all_runs_and_steps(staged: Staging, root: Path) -> None:
    assert staged.remove(FLOW, EMAIL, {"1", "2"}) == {Step.EXTRACTED: 4, Step.LOADED: 1}

    assert ids(staged) == ids(staged, run_id="run-1") == ["3"]
    assert not list(root.glob(f"{FLOW}/{Step.LOADED}/*/*/*")), "a file without rows is none"
    assert all(b"Ann@" not in one.read_bytes() for one in root.rglob("*") if one.is_file())
    assert staged.trace(FLOW, EMAIL, "1") == []
    assert staged.remove(FLOW, EMAIL, {"1", "2"}) == {}, "done once, there is nothing more to do"


def test_nothing_else_changes(staged: Staging) -> None:
    before = staged.trace(FLOW, EMAIL, "3")

    staged.remove(FLOW, EMAIL, {"1"})

    assert staged.trace(FLOW, EMAIL, "3") == before
    assert staged.remove(FLOW, EMAIL, set()) == {}


def test_records_that_a_run_has_not_loaded_are_told(staged: Staging) -> None:
    # run-1 loaded nothing; run-2 loaded "2" alone.
    assert staged.without_a_result(FLOW, EMAIL, {"1", "2", "9"}) == {"1", "2"}
    assert staged.without_a_result(FLOW, EMAIL, set()) == set()


def test_old_files_go_by_when_they_were_staged_whatever_days_they_hold(
    stage: Callable[..., None], staging: Staging
) -> None:
    stage(Step.EXTRACTED, "old", {"partition": NEXT, "source_id": "1"})
    between = datetime(2026, 11, 2, 9, 0, 30, tzinfo=UTC)
    stage(Step.EXTRACTED, "young", {"partition": "2015-01-01", "source_id": "2"})

    assert staging.age_out(FLOW, EMAIL, before=between) == 1

    assert ids(staging) == ["2"]
    assert staging.age_out(FLOW, ActivityType.NOTE, before=datetime.max.replace(tzinfo=UTC)) == 0
