"""What was asked of an API, counted: calls by lane, refusals for its limits, how long answers took. Pure.

Times of answers are kept as a histogram whose steps grow by a fifth, so that a million calls take no more room than a
few, parts can be added up, and a quantile is at most a fifth too high.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, log

_GROWTH = 1.2


@dataclass(frozen=True, slots=True)
class Traffic:
    """`calls`: by lane, repeated attempts included. `throttled`: the answers that refused for the API's limits.

    `answers`: how many took so long, by step of the histogram.
    """

    calls: Mapping[str, int] = field(default_factory=dict)
    throttled: int = 0
    answers: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            Counter(self.calls) + Counter(other.calls),
            self.throttled + other.throttled,
            Counter(self.answers) + Counter(other.answers),
        )

    def __sub__(self, earlier: Traffic) -> Traffic:
        """What came since. `earlier` is an earlier state of the same counters."""
        return Traffic(
            Counter(self.calls) - Counter(earlier.calls),
            self.throttled - earlier.throttled,
            Counter(self.answers) - Counter(earlier.answers),
        )

    def latency_ms(self, share: float) -> int | None:
        """Within how many ms so large a share of the answers came; None where there was none."""
        left = share * sum(self.answers.values())
        for step, number in sorted(self.answers.items()):
            left -= number
            if left <= 0:
                return ceil(_GROWTH**step)
        return None


def step_of(seconds: float) -> int:
    """The step of the histogram in which an answer after so long is counted: the first is one ms."""
    return max(ceil(log(max(seconds * 1000, 1.0), _GROWTH) - 1e-9), 0)
