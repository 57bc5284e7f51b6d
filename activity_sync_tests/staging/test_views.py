from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import duckdb
import pandas as pd
import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import Staging

FLOW = "hubspot_to_dynamics"
MON, TUE = "2026-11-02", "2026-11-03"


@pytest.fixture
def ask(root):
    """Asks as a person would: in a shell of their own, on the file."""

    def asked(question: str) -> list[tuple]:
        with duckdb.connect(str(root / "staging.duckdb"), read_only=True) as connection:
            return connection.execute(question).fetchall()

    return asked


def test_first_staged_file_makes_the_views(stage, ask):
    stage(Step.EXTRACTED, "run", {"partition": MON, "source_id": "1", "payload": '{"subject": "Hello"}'})

    assert ask("SELECT type, source_id, payload->>'subject' FROM hubspot_to_dynamics.extracted_activities") == [
        ("email", "1", "Hello")
    ]


def test_step_that_staged_nothing_has_an_empty_view(stage, ask):
    stage(Step.EXTRACTED, "run", {"partition": MON, "source_id": "1"})

    assert ask("SELECT outcome FROM hubspot_to_dynamics.load_results") == []
    assert ask("SELECT outcome FROM hubspot_to_dynamics.latest_load_results") == []


def test_views_show_later_files_without_being_rebuilt(stage, ask, root):
    stage(Step.EXTRACTED, "one", {"partition": MON, "source_id": "1"})
    made = (root / "staging.duckdb").stat().st_ino

    stage(Step.EXTRACTED, "two", {"partition": TUE, "source_id": "1"})
    stage(Step.EXTRACTED, "two", {"partition": TUE, "source_id": "1"}, kind=ActivityType.CALL)

    assert (root / "staging.duckdb").stat().st_ino == made
    assert ask("SELECT type, run_id FROM hubspot_to_dynamics.extracted_activities ORDER BY ALL") == [
        ("call", "two"),
        ("email", "one"),
        ("email", "two"),
    ]


def test_latest_is_the_newest_row_per_record(stage, ask):
    stage(Step.LOADED, "one", {"partition": MON, "source_id": "1", "outcome": "failed"})
    stage(Step.LOADED, "two", {"partition": MON, "source_id": "1", "outcome": "created"})
    stage(Step.LOADED, "one", {"partition": MON, "source_id": "1", "outcome": "held"}, kind=ActivityType.CALL)

    assert ask("SELECT type, outcome FROM hubspot_to_dynamics.latest_load_results ORDER BY type") == [
        ("call", "held"),
        ("email", "created"),
    ]


def test_open_shell_stops_no_writer(stage, root):
    stage(Step.EXTRACTED, "one", {"partition": MON, "source_id": "1"})

    with duckdb.connect(str(root / "staging.duckdb"), read_only=True) as shell:
        stage(Step.LOADED, "one", {"partition": MON, "source_id": "1"})  # a new step: the views are made anew
        told = shell.execute("SELECT count(*) FROM hubspot_to_dynamics.extracted_activities").fetchall()

    assert told == [(1,)]


def test_views_of_an_empty_root_are_none(staging, ask):
    staging.rebuild_views()

    assert ask("SELECT count(*) FROM duckdb_views() WHERE NOT internal") == [(0,)]


def test_root_with_a_quote_in_its_name(tmp_path):
    root = tmp_path / "Ann's"
    staging = Staging(root)
    with staging.write(FLOW, ActivityType.NOTE, Step.EXTRACTED, "run", (MON, MON)) as writer:
        writer.append(pd.DataFrame([{"partition": MON, "source_id": "1"}]))

    with duckdb.connect(str(root / "staging.duckdb"), read_only=True) as shell:
        assert shell.execute("SELECT source_id FROM hubspot_to_dynamics.extracted_activities").fetchall() == [("1",)]


def test_views_that_several_threads_make_at_once_are_whole_and_disturb_no_reader(staging, stage, ask):
    for step in Step:
        stage(step, "run", {"partition": MON, "source_id": "1"})

    with ThreadPoolExecutor(6) as threads:
        made = [threads.submit(staging.rebuild_views) for _ in range(12)]
        read = [threads.submit(staging.trace, FLOW, ActivityType.EMAIL, "1") for _ in range(12)]
        for one in made:
            one.result()
        assert [len(one.result()) for one in read] == [4] * 12

    assert ask("SELECT count(*) FROM duckdb_views() WHERE NOT internal") == [(8,)]
