"""How many examples the properties of this folder take: `HYPOTHESIS_PROFILE=thorough` for a long run."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_PROFILES = {
    "default": settings(max_examples=120, stateful_step_count=40, deadline=None),
    "thorough": settings(
        max_examples=5000,
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    ),
}

PROFILE = _PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "default")]
