"""How many crash trials are tried: `ACTIVITY_SYNC_TEST_CRASH_POINTS` is `all`, or N for every Nth; else a few."""

from __future__ import annotations

import os

_CHOSEN = os.environ.get("ACTIVITY_SYNC_TEST_CRASH_POINTS", "")

DENSE = bool(_CHOSEN)
"""Whether more was asked for than what `make test` tries."""
PARTS = 6 if DENSE else 1
"""Into how many tests the trials of one type are divided: all of them would take too long for one."""


def every(few: int) -> int:
    """Of how many trials one is tried; `few` where nobody asked for more. ValueError for what is no number."""
    return few if not DENSE else 1 if _CHOSEN == "all" else int(_CHOSEN)
