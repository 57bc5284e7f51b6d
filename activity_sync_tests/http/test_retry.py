"""What decide_retry promises for every failure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from activity_sync.http.retry import AnswerLost, GiveUp, Later, NotSent, RetryPolicy, Wait, decide_retry

POLICY = RetryPolicy()
laters = st.builds(
    Later,
    st.sampled_from([423, 429, 477, 500, 502, 503, 504, 524]),
    untouched=st.booleans(),
    wait_seconds=st.none() | st.floats(0, 1000),
    exhausted=st.booleans(),
)
failures = st.just(NotSent("refused")) | st.just(AnswerLost("closed")) | laters


def decide(failure, **changes):
    facts = {"attempt": 1, "elapsed_seconds": 0.0, "repeatable": True, "reached": True, "jitter": 0.5}
    return decide_retry(failure, **{**facts, **changes}, policy=POLICY)


circumstances = st.fixed_dictionaries(
    {
        "attempt": st.integers(1, 10),
        "elapsed_seconds": st.floats(0, 700),
        "repeatable": st.booleans(),
        "reached": st.booleans(),
        "jitter": st.floats(0, 0.999),
    }
)


@given(failures, circumstances)
def test_attempts_and_time_are_bounded(failure, facts):
    decision = decide(failure, **facts)

    if isinstance(decision, Wait):
        assert facts["attempt"] < POLICY.attempts
        assert decision.seconds >= 0
        assert facts["elapsed_seconds"] + decision.seconds <= POLICY.total_seconds


@given(laters, st.integers(1, 6), st.floats(0, 0.999))
def test_stated_wait_is_never_cut_short(failure, attempt, jitter):
    decision = decide(failure, attempt=attempt, jitter=jitter)

    if isinstance(decision, Wait) and failure.wait_seconds is not None:
        assert failure.wait_seconds <= decision.seconds <= failure.wait_seconds + 1


@given(failures)
def test_what_may_have_been_done_is_repeated_only_if_repeatable(failure):
    uncertain = isinstance(failure, AnswerLost) or (isinstance(failure, Later) and not failure.untouched)

    if uncertain:
        assert isinstance(decide(failure, repeatable=False), GiveUp)


def test_lock_is_waited_out():
    decision = decide(Later(423, untouched=True), jitter=0.0)

    assert isinstance(decision, Wait)
    assert decision.seconds >= 2.0


def test_waits_double_up_to_the_longest():
    waits = [decide(AnswerLost("closed"), attempt=attempt, jitter=1.0) for attempt in range(1, 7)]

    assert waits == [Wait(0.5), Wait(1.0), Wait(2.0), Wait(4.0), Wait(8.0), Wait(16.0)]


def test_host_never_reached_is_given_up_sooner():
    assert isinstance(decide(NotSent("refused"), attempt=4, reached=False), GiveUp)
    assert isinstance(decide(NotSent("refused"), attempt=4, reached=True), Wait)
