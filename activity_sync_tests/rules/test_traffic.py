from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from activity_sync.rules.traffic import Traffic, step_of

COUNTS = st.integers(1, 1_000)
TRAFFIC = st.builds(
    Traffic,
    calls=st.dictionaries(st.sampled_from(["default", "search"]), COUNTS).map(Counter),
    throttled=st.integers(0, 50),
    answers=st.dictionaries(st.integers(0, 60), COUNTS).map(Counter),
)


@given(TRAFFIC, TRAFFIC)
def test_what_came_since_is_what_was_added(before: Traffic, more: Traffic) -> None:
    assert (before + more) - before == more


@given(st.lists(st.floats(0.001, 130.0), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_quantile_is_never_too_low_and_at_most_a_fifth_too_high(seconds: list[float], share: float) -> None:
    found = Traffic(answers=Counter(map(step_of, seconds))).latency_ms(share)

    exact = 1000 * sorted(seconds)[max(-int(-share * len(seconds) // 1), 1) - 1]
    assert found is not None
    assert exact * 0.999 <= found <= exact * 1.21 + 1


def test_without_an_answer_there_is_no_latency() -> None:
    assert Traffic().latency_ms(0.5) is None
