"""The file manager: what a file is. Source: the OpenAPI file "Files" of v3, 2026-03 and 2026-09, read 2026-11."""

from __future__ import annotations

from activity_sync.sandbox.hubspot.errors import not_found
from activity_sync.sandbox.hubspot.gateway import Call, Reply


def get_file(call: Call) -> Reply:
    """Give what is known of a file, never its content; a deleted one is not found."""
    found = call.store.files.get(str(call.path["file_id"]))
    if found is None or found["archived"]:
        raise not_found()
    return Reply(200, found)
