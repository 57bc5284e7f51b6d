"""Whether staged files can be put where the environment says."""

from __future__ import annotations

import os
from pathlib import Path

from activity_sync.errors import ConfigurationError
from activity_sync.findings import Finding, failure, fine, wrong
from activity_sync.staging.places import place_at

_NAME = "staging"


def look_at(root: str) -> Finding:
    """Whether a folder takes files, or an object store can be listed. Nothing is written."""
    return _look_at_store(root) if "://" in root else _look_at_folder(Path(root))


def _look_at_folder(root: Path) -> Finding:
    there = next(one for one in (root, *root.parents) if one.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return fine(_NAME, f"staged rows go to {root}")
    return wrong(
        _NAME,
        f"staged rows cannot go to {root}: {there} is no folder that this user may write to",
        "make it one, or set ACTIVITY_SYNC_STAGING to another place",
    )


def _look_at_store(root: str) -> Finding:
    try:
        place_at(root).folders("")
    except ConfigurationError as error:
        return failure(_NAME, error)
    except Exception as error:  # noqa: BLE001 - every kind of store has errors of its own
        return wrong(
            _NAME,
            f"the object store of ACTIVITY_SYNC_STAGING cannot be listed ({type(error).__name__})",
            "check the address and the credentials, and that the fsspec package of its protocol is installed",
        )
    return fine(_NAME, "the object store of ACTIVITY_SYNC_STAGING can be listed; writing is not tried")
