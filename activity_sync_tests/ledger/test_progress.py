from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.ledger.processes import Holder
from activity_sync.ledger.progress import StepProgress, StepState

FLOW = "hubspot_to_dynamics"
NOTE, CALL = ActivityType.NOTE, ActivityType.CALL


@pytest.fixture
def step(now):
    return StepProgress(
        run_id="run",
        flow=FLOW,
        activity_type=NOTE,
        step=Step.EXTRACTED,
        state=StepState.UNDER_WAY,
        holder=replace(Holder.here(), token="run"),
        began_at=now,
        updated_at=now,
        beat_at=now,
        known=20_000,
        done=3_000,
        seconds=12.5,
        expected=0.003,
        trust=60.0,
        floor=16.0,
        estimated_at=now,
        estimated_end=now + timedelta(minutes=4),
        traffic={"hubspot": {"calls": 15}},
    )


def test_what_a_run_writes_is_what_others_read(ledger, step):
    ledger.note_progress([step, replace(step, step=Step.RESOLVED, state=StepState.AHEAD, known=None)])
    ledger.note_progress([replace(step, done=4_000)])

    found = {one.step: one for one in ledger.progress(FLOW)}

    assert found[Step.EXTRACTED] == replace(step, done=4_000)
    assert found[Step.RESOLVED].known is None
    assert ledger.progress("dynamics_to_hubspot") == []


def test_a_run_that_ended_leaves_nothing_and_no_other_type_behind(ledger, step):
    ledger.note_progress([step, replace(step, activity_type=CALL)])

    ledger.forget_progress(FLOW, NOTE)

    assert [one.activity_type for one in ledger.progress(FLOW)] == [CALL]


def test_a_run_whose_process_is_gone_is_dead_at_once(ledger, step, start_python, now):
    process = start_python("")
    process.communicate(timeout=60)
    ledger.note_progress([step, replace(step, run_id="dead", holder=replace(step.holder, pid=process.pid))])

    alive = {one.run_id: one.is_alive(now) for one in ledger.progress(FLOW)}

    assert alive == {"run": True, "dead": False}


def test_a_run_elsewhere_is_dead_once_its_heart_has_stopped(ledger, step, now):
    ledger.note_progress([replace(step, holder=replace(step.holder, host="elsewhere"))])

    def is_alive(seconds):
        return ledger.progress(FLOW)[0].is_alive(now + timedelta(seconds=seconds))

    assert [is_alive(59), is_alive(61)] == [True, False]
    ledger.beat("run", now + timedelta(seconds=30))
    assert [is_alive(61), is_alive(91)] == [True, False]


def test_later_runs_outweigh_earlier_ones(ledger):
    assert ledger.rates(FLOW, NOTE) == {}

    for seconds in (10.0, 10.0, 40.0, 40.0, 40.0, 40.0):
        ledger.learn_rate(FLOW, NOTE, Step.LOADED, rows=1_000, seconds=seconds)

    rate = ledger.rates(FLOW, NOTE)[Step.LOADED].seconds_a_row
    assert 0.035 < rate < 0.04
    assert ledger.rates(FLOW, CALL) == {}
