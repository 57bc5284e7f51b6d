"""Where each operation lives, by API version, and how HubSpot calls the object types. Pure.

Dated versions stand after the API's name (`/crm/objects/2026-09/notes`). `v3` means `/crm/v3` for everything but
associations, whose last undated version is `/crm/v4`.
Source: HubSpot developer documentation, "API versioning", and the published OpenAPI files, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from activity_sync.activities.kinds import ActivityType, RecordKind

ACCOUNT: Final = "/account-info/v3/details"

_COLLECTIONS: Final[Mapping[str, str]] = {
    ActivityType.NOTE: "notes",
    ActivityType.TASK: "tasks",
    ActivityType.CALL: "calls",
    ActivityType.EMAIL: "emails",
    ActivityType.MEETING: "meetings",
    RecordKind.CONTACT: "contacts",
    RecordKind.COMPANY: "companies",
    RecordKind.DEAL: "deals",
    RecordKind.TICKET: "tickets",
}


def name_collection(kind: str) -> str:
    """The name of an activity type or record kind in paths, such as `companies`. KeyError when it is neither."""
    return _COLLECTIONS[kind]


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of one API version: `2026-09`, `2026-03` or `v3`."""

    version: str

    def list_records(self, kind: str) -> str:
        """All records of a kind (GET)."""
        return f"{self._root('objects')}/{name_collection(kind)}"

    def one_record(self, kind: str, record_id: str) -> str:
        """One record (GET)."""
        return f"{self.list_records(kind)}/{record_id}"

    def batch(self, kind: str, verb: str) -> str:
        """A batch operation on records: `read`, `create`, `update`, `archive` (POST)."""
        return f"{self.list_records(kind)}/batch/{verb}"

    def search(self, kind: str) -> str:
        """The search of a kind (POST)."""
        return f"{self.list_records(kind)}/search"

    def associations(self, from_kind: str, to_kind: str, verb: str) -> str:
        """A batch operation on associations: `read`, `create`, `archive` (POST)."""
        root = "/crm/v4/associations" if self.version == "v3" else f"/crm/associations/{self.version}"
        return f"{root}/{name_collection(from_kind)}/{name_collection(to_kind)}/batch/{verb}"

    def properties(self, kind: str) -> str:
        """The property definitions of a kind (GET)."""
        return f"{self._root('properties')}/{name_collection(kind)}"

    def create_properties(self, kind: str) -> str:
        """The creation of several property definitions (POST)."""
        return f"{self.properties(kind)}/batch/create"

    def property_groups(self, kind: str) -> str:
        """The groups that a kind's properties stand in (GET, POST)."""
        return f"{self.properties(kind)}/groups"

    def file(self, file_id: str) -> str:
        """What one file is (GET)."""
        return f"/files/{self.version}/files/{file_id}"

    def upload_file(self) -> str:
        """The upload of a file (POST)."""
        return f"/files/{self.version}/files"

    def file_stat(self, path: str) -> str:
        """What lies at a path of the file manager (GET); the path percent-encoded, without its leading slash."""
        return f"/files/{self.version}/files/stat/{path}"

    def owners(self) -> str:
        """The owners (GET)."""
        return self._root("owners")

    def _root(self, api: str) -> str:
        if self.version == "v3":
            return "/crm/v3/objects" if api == "objects" else f"/crm/v3/{api}"
        return f"/crm/{api}/{self.version}"
