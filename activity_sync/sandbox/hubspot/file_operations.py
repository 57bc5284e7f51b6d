"""The file manager: what a file is, its upload, what lies at a path, addresses that expire.

Source: the OpenAPI file "Files" of v3, 2026-03 and 2026-09, and the guide "Files", read 2026-11. Open there, and
answered the harsher way here: an upload to a path that is taken makes a second file, under another name.
"""

from __future__ import annotations

import json
from typing import Any

from activity_sync.sandbox.hubspot.errors import ApiError, bad_request, not_found
from activity_sync.sandbox.hubspot.file_contents import signed_path
from activity_sync.sandbox.hubspot.forms import read_form
from activity_sync.sandbox.hubspot.gateway import Call, Reply
from activity_sync.sandbox.hubspot.moments import to_iso
from activity_sync.sandbox.hubspot.store import FIRST_ID, HubSpotStore

_ACCESS = frozenset(
    {"PUBLIC_INDEXABLE", "PUBLIC_NOT_INDEXABLE", "PRIVATE", "SENSITIVE"}
    | {"HIDDEN_INDEXABLE", "HIDDEN_NOT_INDEXABLE", "HIDDEN_PRIVATE", "HIDDEN_SENSITIVE"}
)
_SECONDS = 3600
_KINDS = {"png": "IMG", "jpg": "IMG", "jpeg": "IMG", "gif": "IMG", "mp4": "MOVIE", "mp3": "AUDIO", "wav": "AUDIO"}
_DOCUMENTS = frozenset({"pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "csv"})


def get_file(call: Call) -> Reply:
    """Give what is known of a file, never its content; a deleted one is not found."""
    return Reply(200, _living(call.store, str(call.path["file_id"])))


def stat(call: Call) -> Reply:
    """Give the file at a path, or the folder."""
    path = "/" + call.path["path"].strip("/")
    living = [one for one in call.store.files.values() if not one["archived"]]
    for one in living:
        if one["path"].lower() == path.lower():
            return Reply(200, {"file": one})
    inside = [one for one in living if one["path"].lower().startswith(f"{path.lower()}/")]
    if not inside:
        raise not_found()
    folder = {"id": str(sum(map(ord, path))), "name": path.rpartition("/")[2], "path": path, "archived": False}
    return Reply(200, {"folder": folder | {"createdAt": inside[0]["createdAt"], "updatedAt": inside[0]["updatedAt"]}})


def sign(call: Call) -> Reply:
    """Give an address that lets in whoever has it, until it expires."""
    file = _living(call.store, str(call.path["file_id"]))
    given = call.query.get("expirationSeconds", str(_SECONDS))
    if not given.isdigit():
        raise bad_request(f"expirationSeconds must be a number, not {given}.")
    until_ms = call.store.now_ms + int(given) * 1000
    shown = {name: file[name] for name in ("name", "extension", "type", "size")}
    return Reply(200, {**shown, "url": call.origin + signed_path(file["id"], until_ms), "expiresAt": to_iso(until_ms)})


def upload(call: Call) -> Reply:
    """Put a file into a folder, which is made where it does not exist."""
    form = read_form(call.content_type, call.raw)
    if "file" not in form:
        raise bad_request("A file is required.")
    if ("folderId" in form) == ("folderPath" in form):
        raise bad_request("Either folderId or folderPath must be specified, and not both.")
    if "folderPath" not in form:
        raise bad_request("There is no folder of this id.")
    access = _options(form["options"].text if "options" in form else "").get("access")
    if access not in _ACCESS:
        raise bad_request("options must name an access level.")
    content = form["file"].content
    if len(content) > call.store.controls.settings.hubspot_largest_upload:
        raise ApiError(413, "VALIDATION_ERROR", "The file is larger than this account may upload.")
    whole = (form["fileName"].text if "fileName" in form else form["file"].file_name) or "file"
    return Reply(201, _put(call.store, folder=form["folderPath"].text, whole=whole, access=access, content=content))


def _put(store: HubSpotStore, *, folder: str, whole: str, access: str, content: bytes) -> dict[str, Any]:
    name, dot, extension = whole.rpartition(".")
    name, extension = (name, extension) if dot else (whole, "")
    folder = "/" + folder.strip("/")
    taken = {one["path"].lower(): one for one in store.files.values() if not one["archived"]}
    shown, number = name, 0
    while (there := taken.get(_path(folder, shown, extension).lower())) is not None:
        if store.controls.settings.hubspot_upload_gives_existing:
            return there
        number += 1
        shown = f"{name}-{number}"
    file_id, now = str(FIRST_ID * 2 + len(store.files)), to_iso(store.now_ms)
    path = _path(folder, shown, extension)
    url = f"https://{store.controls.settings.hubspot_portal_id}.fs1.hubspotusercontent-na1.net/hubfs{path}"
    kind = _KINDS.get(extension.lower(), "DOCUMENT" if extension.lower() in _DOCUMENTS else "OTHER")
    store.files[file_id] = {
        "id": file_id,
        "name": shown,
        "extension": extension,
        "type": kind,
        "size": len(content),
        "access": access,
        "url": url,
        "defaultHostingUrl": url,
        "path": path,
        "encoding": None,
        "isUsableInContent": True,
        "sourceGroup": "CONTENT",
        "createdAt": now,
        "updatedAt": now,
        "archived": False,
    }
    store.contents[file_id] = content
    store.controls.wrote("files", "create", file_id)
    return store.files[file_id]


def _path(folder: str, name: str, extension: str) -> str:
    return f"{folder}/{name}" + (f".{extension}" if extension else "")


def _living(store: HubSpotStore, file_id: str) -> dict[str, Any]:
    found = store.files.get(file_id)
    if found is None or found["archived"]:
        raise not_found()
    return found


def _options(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except ValueError as broken:
        raise bad_request("options must be JSON.", code="INVALID_JSON") from broken
    return given if isinstance(given, dict) else {}
