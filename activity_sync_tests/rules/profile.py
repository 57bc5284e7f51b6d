"""How many examples the properties of this folder take.

`HYPOTHESIS_PROFILE=ci` is what `.ci/run` sets: 5,000 histories over the machines of `test_machine.py` together.
`HYPOTHESIS_PROFILE=thorough` is a long run: 5,000 of each machine, others every time. The shorter ones say the same
twice, so that a failure is one of the change it came with.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

MACHINES = 4
"""How many machines share the histories, so that several workers do."""

_NAME = os.environ.get("HYPOTHESIS_PROFILE", "default")
_CALM = [HealthCheck.too_slow]
_EXAMPLES = {"default": 120, "ci": 600, "thorough": 5000}
_HISTORIES = {"default": 120 // MACHINES, "ci": 5000 // MACHINES, "thorough": 5000}

_REPEATABLE = _NAME != "thorough"

PROFILE = settings(max_examples=_EXAMPLES[_NAME], derandomize=_REPEATABLE, deadline=None, suppress_health_check=_CALM)
HISTORIES = settings(
    max_examples=_HISTORIES[_NAME],
    stateful_step_count=40,
    derandomize=_REPEATABLE,
    deadline=None,
    suppress_health_check=_CALM,
)
