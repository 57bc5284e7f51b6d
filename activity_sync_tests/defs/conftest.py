from __future__ import annotations

from activity_sync_tests.end_to_end.conftest import bridge, peopled

__all__ = ["bridge", "peopled"]
