"""What did not fit on the way from one system to another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """One value that the target does not hold as the source does.

    `what`: `cut` (too long), `rounded` (a coarser unit), `dropped` (the target has no such value: not written),
    `no_counterpart` (the target has no such field, or only a neighbouring value) or `appended` (only named, at the end
    of the body). `detail` says how much, in numbers and in canonical words, never in the words of the activity.
    """

    field: str
    what: str
    detail: str = ""
