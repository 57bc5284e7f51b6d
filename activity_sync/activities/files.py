"""A file that hangs on an activity, as its own system tells of it; never its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

GONE: Final = "gone"
UNREADABLE: Final = "unreadable"
OURS: Final = "ours"


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """Empty, or None, is what nobody tells.

    `id`: empty where it is not even known whether there is a file. `kind`: its media type, or a word for it. `size` in
    bytes. `url`: where anybody opens it; empty where only people of its own system can. `problem`: `gone` (it was
    deleted), `unreadable` (we may not ask for it), `ours` (we have put it there), else empty. `place`: the table that
    holds it, where that is not the usual one.
    """

    id: str = ""
    name: str = ""
    kind: str = ""
    size: int | None = None
    url: str = ""
    problem: str = ""
    place: str = ""

    def to_json(self) -> dict[str, Any]:
        """The staged form."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}

    @classmethod
    def from_json(cls, staged: Mapping[str, Any]) -> AttachedFile:
        """The inverse of `to_json`."""
        return cls(**staged)
