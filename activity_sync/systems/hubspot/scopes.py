"""Which scopes the token has, as far as reading can tell: HubSpot names the ones that a refused call lacks.

Source: HubSpot developer documentation, "Error handling" and "Using object APIs" (403, `MISSING_SCOPES`), read 2026-11.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.errors import AuthenticationFailed
from activity_sync.findings import Finding, Level, failure, fine, unchecked, warn
from activity_sync.systems.hubspot.email_content import CONTENT_SCOPE, looked_through
from activity_sync.systems.hubspot.metadata import Metadata
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.paths import name_collection
from activity_sync.systems.records import Use

_NO_FILE: Final = "1"

WRITE_SCOPE: Final = "crm.objects.contacts.write"
"""The contact scopes guard all activity types."""
FILE_SCOPE: Final = "files"
"""`files.ui_hidden.read` serves as well, and reads only. Source: OpenAPI "Files" of v3 and 2026-09, read 2026-11."""


async def read_scopes(operations: Operations, metadata: Metadata, use: Use) -> list[Finding]:
    """What the token may read: each activity type in use, the records, the owners, the definitions. One call each."""
    paths = operations.paths

    def one_page(path: str) -> Callable[[], Awaitable[object]]:
        return lambda: operations.get_page(path, params={"limit": 1})

    tries: list[tuple[str, Callable[[], Awaitable[object]]]] = [
        *((name_collection(kind), one_page(paths.list_records(kind))) for kind in use.types),
        *((name_collection(kind), one_page(paths.list_records(kind))) for kind in RecordKind),
        ("owners", one_page(paths.owners())),
        *((f"{name_collection(kind)}.definitions", _defined(metadata, kind)) for kind in (*use.types, *use.makes)),
    ]
    return list(await asyncio.gather(*(_try(what, call) for what, call in tries)))


async def email_content(operations: Operations) -> Finding:
    """Whether emails show their content."""
    name = f"hubspot.scopes.{CONTENT_SCOPE}"
    seen, is_shown = await looked_through(operations)
    if not seen:
        return warn(name, "cannot be checked before the portal has an email", f"grant the scope {CONTENT_SCOPE}")
    if is_shown:
        return fine(name, "emails show their content")
    return warn(
        name,
        f"none of the first {seen} emails shows a body: new ones are carried without, and edits of it are not seen",
        f"grant the token the scope {CONTENT_SCOPE}, and read again the days on which emails were carried without",
    )


async def file_scope(operations: Operations) -> Finding:
    """Whether the token may read what files are: a file that there is not is not found, and not refused."""
    name = "hubspot.scopes.files"
    try:
        await operations.find_file(_NO_FILE)
    except AuthenticationFailed as refused:
        if refused.status != 403:
            raise
        return warn(
            name,
            "the token may not read files: attachments are listed by their ids, without name, size and kind, and none "
            "is carried",
            f"grant the token the scope {FILE_SCOPE}, or set attachments.links and attachments.files: false",
        )
    return fine(name, "the token may read files")


def upload_scope() -> Finding:
    """The scope for files that are brought: only an upload could prove it."""
    return unchecked(
        "hubspot.scopes.files.write",
        "whether the token may upload files, as `attachments.files` asks for",
        f"see that it has the scope {FILE_SCOPE}; without it no file is carried, and each says so in the ledger",
    )


def write_scopes(types: Sequence[ActivityType], *, creates_properties: bool) -> list[Finding]:
    """The scopes that only a write could prove."""
    if not types:
        return []
    kinds = ", ".join(name_collection(kind) for kind in types)
    found = [
        unchecked(
            "hubspot.scopes.write",
            f"whether the token may create and change {kinds}",
            f"see that it has the scope {WRITE_SCOPE}; if an association is refused, the error names the scope",
        )
    ]
    if creates_properties:
        found.append(
            unchecked(
                "hubspot.scopes.schemas",
                "whether the token may create the tracking properties that are missing",
                "see that it has the scope crm.schemas.contacts.write, or run `activity-sync check --fix`",
            )
        )
    return found


def make_scopes(kinds: Sequence[RecordKind]) -> list[Finding]:
    """The scopes for records that are made on demand: only the making could prove them."""
    return [
        unchecked(
            f"hubspot.scopes.make.{name_collection(kind)}",
            f"whether the token may create {name_collection(kind)}, as `create_missing` asks for",
            f"see that it has the scopes crm.objects.{name_collection(kind)}.write and {schema_scope(kind)}",
        )
        for kind in kinds
    ]


def schema_scope(kind: str) -> str:
    """The scope that lets the token define properties of a type: the contacts' one guards all activity types."""
    return "crm.schemas.companies.write" if kind == RecordKind.COMPANY else "crm.schemas.contacts.write"


def may_read(findings: Sequence[Finding], what: str) -> bool:
    """Whether `read_scopes` found that `what` can be read."""
    return any(one.name == _name(what) and one.level is Level.OK for one in findings)


async def _try(what: str, call: Callable[[], Awaitable[object]]) -> Finding:
    readable = what.replace(".definitions", "' property definitions")
    try:
        await call()
    except AuthenticationFailed as refused:
        if refused.status != 403:
            raise
        code = f", {refused.code}" if refused.code else ""
        return replace(failure(_name(what), refused), message=f"the token may not read {readable} (403{code})")
    return fine(_name(what), f"the token may read {readable}")


def _name(what: str) -> str:
    return f"hubspot.scopes.{what}"


def _defined(metadata: Metadata, kind: str) -> Callable[[], Awaitable[object]]:
    return lambda: metadata.read(kind)
