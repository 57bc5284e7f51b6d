from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.ledger.processes import Holder
from activity_sync.ledger.progress import Rate, StepProgress, StepState
from activity_sync.pipeline.progress import courses_of, end_of, told, told_time

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
EMAIL, NOTE = ActivityType.EMAIL, ActivityType.NOTE
SECONDS_A_ROW = {Step.EXTRACTED: 0.01, Step.RESOLVED: 0.005, Step.TRANSFORMED: 0.01, Step.LOADED: 0.025}


def step(of: Step, state: StepState, kind: ActivityType = EMAIL, **more: object) -> StepProgress:
    base = StepProgress(
        run_id="run",
        flow="hubspot_to_dynamics",
        activity_type=kind,
        step=of,
        state=state,
        holder=Holder.here(),
        began_at=NOW - timedelta(minutes=1),
        updated_at=NOW,
        beat_at=NOW,
        expected=SECONDS_A_ROW[of],
    )
    return replace(base, **more)


def at_the_resolution(kind: ActivityType = EMAIL, rows: int = 4_000) -> list[StepProgress]:
    """All extracted as fast as expected, half of it resolved."""
    return [
        step(Step.LOADED, StepState.AHEAD, kind),
        step(Step.EXTRACTED, StepState.ENDED, kind, known=rows, done=rows, seconds=rows * 0.01),
        step(Step.TRANSFORMED, StepState.AHEAD, kind),
        step(Step.RESOLVED, StepState.UNDER_WAY, kind, done=rows // 2, seconds=rows // 2 * 0.005),
    ]


def test_steps_to_come_have_the_rows_of_the_one_before_and_all_of_them_are_waited_for():
    course = courses_of(at_the_resolution(), NOW)[EMAIL]

    assert (course.step, course.done, course.known, course.left) == (Step.RESOLVED, 2_000, 4_000, 4_000)
    assert course.rate == pytest.approx(200)
    assert course.ends_at is not None
    # 2,000 rows to resolve, 4,000 to transform and to load.
    assert (course.ends_at - NOW).total_seconds() == pytest.approx(10 + 40 + 100)


def test_what_a_transform_has_found_to_write_is_all_that_a_load_takes_time_for():
    nothing_new = [replace(one, known=0) if one.step is Step.LOADED else one for one in at_the_resolution()]

    course = courses_of(nothing_new, NOW)[EMAIL]

    assert course.left == 0
    assert course.ends_at is not None
    assert (course.ends_at - NOW).total_seconds() == pytest.approx(10 + 40)


def test_a_type_waits_for_the_types_before_it_by_name_and_not_for_those_after_it():
    found = courses_of([*at_the_resolution(), *at_the_resolution(NOTE, rows=400)], NOW)

    assert found[EMAIL].ends_at is not None
    assert found[NOTE].ends_at is not None
    assert (found[EMAIL].ends_at - NOW).total_seconds() == pytest.approx(10 + 40 + 100)
    assert (found[NOTE].ends_at - found[EMAIL].ends_at).total_seconds() == pytest.approx(1 + 4 + 10)


def test_rows_that_nobody_has_counted_give_no_time():
    course = courses_of([step(Step.EXTRACTED, StepState.UNDER_WAY, done=1_000, seconds=5.0)], NOW)[EMAIL]

    assert (course.known, course.ends_at, course.not_before) == (None, None, None)
    assert told(course, NOW) == "extracted activities: 1,000 rows, 200/s"


def test_a_run_that_died_is_no_course():
    elsewhere = Holder(host="elsewhere", pid=1, started="")
    rows = [replace(one, holder=elsewhere) for one in at_the_resolution()]

    assert EMAIL in courses_of(rows, NOW + timedelta(seconds=59))
    assert courses_of(rows, NOW + timedelta(seconds=61)) == {}


def test_a_backlog_without_a_run_is_estimated_from_earlier_ones():
    rates = {one: Rate(rows=1_000, seconds=seconds * 1_000) for one, seconds in SECONDS_A_ROW.items()}

    assert end_of(200, rates, NOW) == NOW + timedelta(seconds=10)
    assert end_of(200, {Step.LOADED: rates[Step.LOADED]}, NOW) is None


def test_a_course_in_a_line():
    load = step(Step.LOADED, StepState.UNDER_WAY, known=20_000, done=12_000, seconds=40.0, floor=1_200.0, expected=0.15)

    line = told(courses_of([load], NOW)[EMAIL], NOW)

    assert (
        line
        == "load results: 12,000 of 20,000 rows, 300/s, done about 14:50 UTC; not before 14:50 UTC at the APIs' limits"
    )


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW + timedelta(seconds=75), "14:31:15 UTC"),
        (NOW + timedelta(hours=2), "16:30 UTC"),
        (NOW + timedelta(hours=10), "2026-11-03 00:30 UTC"),
    ],
)
def test_a_time_for_people(moment, text):
    assert told_time(moment, NOW) == text
