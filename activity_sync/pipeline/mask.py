"""Messages without what they quote: the ledger, metadata, logs and the terminal name no person."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|“[^”\n]*”|`[^`\n]*`")
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:'\"]+@[^\s@<>()\[\],;:'\"]+")
_LIMIT = 300


def mask(message: str) -> str:
    """The message with quoted values and addresses replaced, cut at 300 characters.

    A quoted word of the API's own vocabulary (a property, column or table name) stays: it says what to fix.
    """
    masked = _QUOTED.sub(
        lambda found: found[0] if _is_name(found[0][1:-1]) else f"{found[0][0]}…{found[0][-1]}", message
    )
    masked = _ADDRESS.sub("…@…", masked)
    return masked if len(masked) <= _LIMIT else masked[: _LIMIT - 1] + "…"


def _is_name(word: str) -> bool:
    return bool(re.fullmatch(r"(hs_|hubspot_|activity_sync_)?[a-z]+(_[a-z]+)*|0x[0-9a-f]{8}|\d{1,6}", word)) and (
        "_" in word or word.isdigit() or word.startswith("0x") or word in _VOCABULARY
    )


_VOCABULARY = frozenset(
    {
        "subject", "description", "notetext", "task", "email", "phonecall", "appointment", "annotation", "contact",
        "account", "opportunity", "incident", "location", "statuscode", "statecode", "prioritycode", "ownerid",
    }
)  # fmt: skip
