"""The values that the pipeline and a CRM's connector speak in: what is read, what is looked up, what is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from activity_sync.activities.activity import Value
from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.activities.loss import Loss

FILES: Final = "files"
"""Under this name a record's payload holds its files, as `AttachedFile.to_json` gives them, where they were read."""

NO_FILES: Mapping[str, Collection[str]] = MappingProxyType({})
"""Of no record any file."""

NOTHING: Mapping[str, tuple[str, ...]] = MappingProxyType({})
"""Of no kind any property."""


@dataclass(frozen=True, slots=True)
class Place:
    """The properties or columns of an activity that hold its counterpart's id and its link; `url` "" for none."""

    id: str
    url: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Both."""
        return (self.id, self.url) if self.url else (self.id,)

    def values(self, counterpart_id: str, url: str) -> dict[str, str]:
        """What stands in them."""
        return {self.id: counterpart_id} | ({self.url: url} if self.url else {})


NOWHERE: Mapping[ActivityType, Place] = MappingProxyType({})
"""No activity is told what its counterpart is."""


@dataclass(frozen=True, slots=True)
class Account:
    """Which account the credentials open. `id` identifies it for ever (portal id, organization id)."""

    id: str
    name: str = ""
    ui_url: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """What the configuration has us do in one system, per activity type, in their usual order.

    `makes`: the kinds of record that are made there on demand. `lists_files`: the files of what is read are listed in
    its copies. `carries_files`: files are carried, from here and to here.
    """

    reads: tuple[ActivityType, ...] = ()
    writes: tuple[ActivityType, ...] = ()
    archives: tuple[ActivityType, ...] = ()
    makes: tuple[RecordKind, ...] = ()
    lists_files: bool = False
    carries_files: bool = False

    @property
    def types(self) -> tuple[ActivityType, ...]:
        """All types that are read or written."""
        return tuple(one for one in ActivityType if one in self.reads or one in self.writes)

    def told(self, places: Mapping[ActivityType, Place]) -> tuple[ActivityType, ...]:
        """The types whose activities are told what their counterpart is: of those with a place, what we read anyway."""
        return tuple(kind for kind in self.reads if kind in places)


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open interval of modification times in the system's own clock, aware and UTC: start <= t < end."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What a window holds, before it is read: its records, and the calls, by lane, that reading them takes at least."""

    records: int
    calls: Mapping[str, int]


def unheard(expected: Expected) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One activity as the API gave it. Order and uniqueness across pages are not promised.

    `payload`: the API's own JSON of the record (allow-listed properties/columns, parties included).
    `associations`: the API's own association answers: {record kind: [{"id": ..., "labels": [...]}, ...]}; for a system
    that keeps them in the record itself, empty. `version`: opaque write guard. `gone`: explicitly deleted or archived.
    `erased`: because a person it concerns was erased.
    """

    id: str
    modified_at: datetime
    payload: Mapping[str, Any]
    associations: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None
    gone: bool = False
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Deletions:
    """Where to look for deletes. Nothing here is a proof: the suspects are read by id before anything is decided.

    `suspects`: ids of ours that were reported as deleted, or are missing from a complete listing. `listed`: how many
    records that listing had, None where none was made. `cursor`: from where to read on next time.
    """

    suspects: frozenset[str]
    cursor: str
    listed: int | None = None


@dataclass(frozen=True, slots=True)
class KeyedRecord:
    """A record that says which record of the other system it is.

    `key`: our own key it was created under, "" where it only carries its counterpart's id. `source_system` and
    `source_id`: the origin stamp, "" where the system has no place for one. `gone`: it lies in the system's bin.
    """

    id: str
    key: str = ""
    source_system: str = ""
    source_id: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """That an activity is there. `at`: when it took place, is due or begins. `key`: ours, "" where it shows none."""

    id: str
    at: datetime
    modified_at: datetime
    key: str = ""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Written on a record that was linked to an existing one: which record of the other system it is."""

    id: str
    source_system: str
    source_id: str


@dataclass(frozen=True, slots=True)
class BackReference:
    """To be written on an activity: its counterpart's id and link. `version`: the guard seen, where there is one."""

    record_id: str
    counterpart_id: str
    url: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class NaturalKey:
    """What identifies a record across systems. Empty tuples and strings where the record has none.

    `emails`: all addresses as they stand, the primary first. `stored_id`: the counterpart's id stored on the record
    under the configured property. `former_ids`: records that were merged into this one, as far as they are known;
    `former_stored_ids` the counterparts that those named, and `former_names` what they were called. `properties`: those
    that filters ask for, as the system itself calls and writes them.
    """

    id: str
    kind: str
    name: str = ""
    emails: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    stored_id: str = ""
    created_at: datetime | None = None
    active: bool = True
    former_ids: tuple[str, ...] = ()
    former_stored_ids: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a contact or company says of itself, to make its counterpart from. Empty where it says nothing.

    A contact has `emails` (the primary first), `first_name`, `last_name`, `phone`, `mobile` and `job_title`; a company
    `name`, `domain`, `website` and `phone`.
    """

    id: str
    emails: tuple[str, ...] = ()
    first_name: str = ""
    last_name: str = ""
    mobile: str = ""
    job_title: str = ""
    name: str = ""
    domain: str = ""
    website: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """Make one contact or company under our own `key`. `fields`: as `Records.encode` gave them."""

    key: str
    fields: Mapping[str, str]
    source_system: str = ""
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Keys to search a target's records of one kind by. Each list may be empty. One answer covers all."""

    kind: str
    ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    stored_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Owner:
    """A user who can own activities. `active` False: never assign to them."""

    id: str
    email: str
    name: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class TargetLink:
    """An association to write, already in the target's ids. `regarding`: the one record an activity is about.

    `name`: what the source calls the record.
    """

    kind: str
    id: str
    role: str
    regarding: bool = False
    address: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """A write in the target's own terms, JSON-able; opaque to the pipeline, made by `encode` and taken by the writer.

    `body`: what is sent. `intended`: the canonical fields that the target will show afterwards, for those written.
    """

    body: Mapping[str, Any]
    intended: Mapping[str, Value]
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """Create one activity under our own `key`."""

    key: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """Change one activity. `version`: the guard seen when deciding; None where the system has none.

    `keeps_last`: where an activity that hangs on nothing is seen by nobody, it is not parted from all that it hangs on.
    """

    id: str
    body: Mapping[str, Any]
    version: str | None = None
    keeps_last: bool = False


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file to put on an activity, under our own `key`. `kind`: its media type, "" where none is known."""

    key: str
    record_id: str
    name: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one request, in the order of the requests.

    `outcome`: `done`, `exists` (a create met its own key), `stale` (the guard failed), `missing` (no such record),
    `refused` (the API's judgement on this record), `uncertain` (no answer: may or may not have happened), `busy`
    (transient refusal of this record). `stale` is also an update that would part the last association of its record:
    that one stays. `id` is set for `done` and, where the answer tells, for `exists`. A `version` on
    an update that is not `done`: the fields were written and left that version, the associations were not.
    """

    outcome: str
    id: str | None = None
    version: str | None = None
    status: int | None = None
    code: str = ""
    message: str = ""
    correlation_id: str = ""
