"""What the pipeline needs of a CRM: a few small protocols. The values they speak in are in `records.py`.

A third CRM is a folder beside this file that implements `System`, default mappings for it in `mapping/defaults/`, and
one line in `registry.py`. Nothing here names a vendor.

Readers and writers are batched and asynchronous; they raise `RetriableError` or `FatalError` for what concerns a
whole call (after their own retries), and report what concerns one record as a value.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO, Any, Protocol, Self

from activity_sync.activities.activity import Activity
from activity_sync.activities.files import AttachedFile
from activity_sync.activities.kinds import ActivityType
from activity_sync.findings import Finding
from activity_sync.rules.conditions import Condition
from activity_sync.rules.traffic import Traffic
from activity_sync.systems.records import (
    NO_FILES,
    Account,
    BackReference,
    CreateRequest,
    Deletions,
    Expected,
    KeptFile,
    KeyedRecord,
    Lookup,
    NaturalKey,
    Owner,
    Profile,
    RecordRequest,
    Sighting,
    SourceRecord,
    Stamp,
    TargetLink,
    UpdateRequest,
    Use,
    Window,
    Wire,
    WriteResult,
    unheard,
)


class Translator(Protocol):
    """Between the system's records and canonical activities. Pure: no I/O."""

    @property
    def revision(self) -> str:
        """A short hash of the mapping: it changes when, and only when, a rule changes."""
        ...

    def decode(self, activity_type: ActivityType, record: SourceRecord) -> Activity:
        """The canonical activity of a record. InvalidRecord when the record breaks its own system's contract."""
        ...

    def encode(
        self,
        activity: Activity,
        links: Sequence[TargetLink],
        *,
        only: Collection[str] | None = None,
        key: str | None = None,
        current: Activity | None = None,
        removed: Sequence[TargetLink] = (),
        named: Sequence[TargetLink] | None = None,
    ) -> Wire:
        """The write that makes the system hold `activity`'s values.

        `activity` is in canonical form with `owner` already an owner id of *this* system; `links` are its records in
        this system. `only`: the fields to write on an update (None: a create, everything, required fields included).
        `current`: what the system holds now, for properties that carry two fields, and to know whether the record must
        be reopened. An update associates `links` and parts the record from `removed`. `named`: of these, those that
        have no place here are named at the end of the body, and nobody else; None leaves that as it is. InvalidRecord
        when it cannot.
        """
        ...

    def comparable(self, activity_type: ActivityType) -> frozenset[str]:
        """The canonical fields this system shows and lets us change after the create: the ones to fingerprint."""
        ...

    def is_closed(self, activity_type: ActivityType, record: SourceRecord) -> bool:
        """Whether the record is read-only until it is reopened."""
        ...

    def counterpart(self, activity_type: ActivityType, record: SourceRecord) -> str | None:
        """The counterpart's id that the record shows, "" for none; None where it is not to be told of it."""
        ...

    def url_of(self, activity_type: ActivityType, record_id: str) -> str:
        """Where people open a record; "" before the account is known."""
        ...

    def properties(self, record: SourceRecord) -> Mapping[str, Any]:
        """What was read of the record, as the system itself calls and writes it."""
        ...


class Reader(Protocol):
    """Reads activities."""

    async def oldest_changes(
        self, types: Collection[ActivityType], *, since: datetime | None = None
    ) -> dict[ActivityType, datetime | None]:
        """The oldest modification time per type, at or after `since`; None where there is no such activity."""
        ...

    async def signs_of_change(self, types: Collection[ActivityType], *, since: datetime) -> dict[ActivityType, str]:
        """Per type a text that is another one once a further record shows as modified at or after `since`.

        As cheap as the system allows; it says nothing else. Deletes, and changes of associations that do not count as
        modifications, leave no sign.
        """
        ...

    async def expected(self, types: Collection[ActivityType], window: Window) -> dict[ActivityType, Expected]:
        """Per type, about how many were modified inside the window, and what reading them would cost.

        As cheap as the system allows. A type that it does not count, or cannot count now, is absent: an estimate fails
        nothing.
        """
        ...

    def changes(
        self, activity_type: ActivityType, window: Window, *, expect: Callable[[Expected], None] = unheard
    ) -> AsyncIterator[list[SourceRecord]]:
        """Pages of everything modified inside the window, associations included. Duplicates are possible.

        `expect` is told before the first page how many there are and what reading them costs, where the system says.
        """
        ...

    async def read(self, activity_type: ActivityType, ids: Sequence[str]) -> dict[str, SourceRecord]:
        """The records of these ids as they are now. Deleted ones come with `gone`; an id in no answer is unseen."""
        ...

    async def with_files(
        self,
        activity_type: ActivityType,
        records: Sequence[SourceRecord],
        *,
        ours: Mapping[str, Collection[str]] = NO_FILES,
    ) -> list[SourceRecord]:
        """The same records, in their order, with what is known of the files that hang on them; see `records.FILES`.

        What we have put there is left out: `ours` are, by record, the files known to be so. What may not be read is
        told of as such, and no error.
        """
        ...

    async def newly_filed(self, activity_type: ActivityType, *, since: datetime) -> list[str]:
        """The ids of activities on which a file was put, or changed, at or after `since` without their showing it.

        Empty where a file is a change of its activity, and where we may not ask.
        """
        ...

    async def associated(
        self, activity_type: ActivityType, ids: Sequence[str]
    ) -> dict[str, frozenset[tuple[str, str]]]:
        """What these activities hang on now, as kind and id, read in as few calls as there are; unseen ones are absent.

        Only carried kinds of record. An activity without any may be there with an empty set or be absent.
        """
        ...

    async def find_keys(self, activity_type: ActivityType, keys: Sequence[str]) -> dict[str, str]:
        """Our own keys that exist here, with the record's id. How certain "absent" is, `keys_settle_after` says."""
        ...

    async def keys_settle_after(self, activity_type: ActivityType) -> timedelta | None:
        """How long after a write a key that `find_keys` does not find is certainly not there; None: it never is.

        Zero where keys are read from the records themselves; the lag of a search index; None where records of this
        type can carry no key at all.
        """
        ...

    async def keys_kept_since(self, activity_type: ActivityType) -> datetime | None:
        """When records of this type began to have a place for a key, by the system's clock; None: they always had.

        What was created before carries none: that its key is not found proves nothing.
        """
        ...

    async def deletions(
        self, activity_type: ActivityType, *, cursor: str | None, linked: Callable[[], Collection[str]]
    ) -> Deletions:
        """What may have been deleted since `cursor` (None: ever). `linked` gives the ids that matter, if asked."""
        ...

    async def around(
        self, activity_type: ActivityType, moments: Sequence[datetime], *, within: timedelta
    ) -> list[SourceRecord]:
        """The activities that took place within so much of any of these moments, associations included; each once."""
        ...

    async def took_place(self, activity_type: ActivityType, window: Window) -> list[Sighting]:
        """All activities that took place, are due or begin inside the window, each once; in no order."""
        ...

    async def made_since(self, activity_type: ActivityType, since: datetime) -> list[SourceRecord]:
        """The activities created at or after `since`, associations included."""
        ...

    def is_made_by_software(self, record: SourceRecord) -> bool:
        """Whether an application made the record, ours for all one can see; True where it does not say."""
        ...

    def keyed(self, activity_type: ActivityType) -> AsyncIterator[list[KeyedRecord]]:
        """Pages of all records, in a complete listing that reads the records themselves, with what they carry of ours.

        Records without a key or a stamp are among them, with both empty: a caller may know their ids as keys. Where
        the system shows what was deleted, those are among them too.
        """
        ...

    async def holds_keys(self, activity_type: ActivityType) -> bool:
        """Whether any record carries a key of ours in a place of its own, asked cheaply: a hint, never a proof."""
        ...

    @property
    def versions_are_ordered(self) -> bool:
        """Whether `is_behind` knows of any two versions of a record which came first; else they are opaque."""
        ...

    def is_behind(self, record: SourceRecord, version: str) -> bool:
        """Whether a page of `changes` shows `record` older than `version`, which it certainly had already.

        Never where `changes` sees every committed write; else `read` has the present state.
        """
        ...

    async def field_times(
        self, activity_type: ActivityType, ids: Sequence[str], fields: Collection[str], *, ours: bool = False
    ) -> dict[str, dict[str, datetime]]:
        """When a person last changed each field of each record, where the system tells; our own writes only if `ours`.

        At best by the field, else by the record as a whole.
        """
        ...


class Writer(Protocol):
    """Writes activities, in batches."""

    async def prepare(self, types: Collection[ActivityType]) -> None:
        """Whatever must exist before the first write (tracking properties). Called once, only if there is a write."""
        ...

    async def create(self, activity_type: ActivityType, requests: Sequence[CreateRequest]) -> list[WriteResult]:
        """Create; never twice under one key. One batch or several: the results are in the order of the requests."""
        ...

    async def update(self, activity_type: ActivityType, requests: Sequence[UpdateRequest]) -> list[WriteResult]:
        """Update; never creates, never resurrects."""
        ...

    async def archive(self, activity_type: ActivityType, requests: Sequence[UpdateRequest]) -> list[WriteResult]:
        """Delete, guarded like an update (`body` is empty). What is gone already is `done`."""
        ...

    async def stamp(self, activity_type: ActivityType, stamps: Sequence[Stamp]) -> list[WriteResult]:
        """Write which record of the other system each is, where this system has a place for it; else an empty list."""
        ...

    async def refer_back(self, activity_type: ActivityType, references: Sequence[BackReference]) -> list[WriteResult]:
        """Write what the counterpart of each is, where records of the type have a place for it; else an empty list."""
        ...

    @property
    def batch_size(self) -> int:
        """How many creates one call carries at best: the pipeline hands over multiples of it."""
        ...

    @property
    def guards_updates(self) -> bool:
        """Whether `UpdateRequest.version` is checked by the server; if not, targets are read just before a write."""
        ...

    @property
    def keys_are_unique(self) -> bool:
        """Whether the server itself refuses a second record under one key: an uncertain create may be sent again."""
        ...


class Files(Protocol):
    """Fetches the contents of files that hang on activities, and puts files on activities: one at a time.

    What is refused, missing or cannot be answered now is a result, as far as it concerns one file. Its code may be
    `too_large` (the file is, by its own system's word, larger than was asked for), `larger_than_told` (it was meant to
    be smaller) or `refused_as_too_large` (by the system that was to keep it).
    """

    async def longest(self) -> int | None:
        """The most bytes that a file put here may have; None where the system does not say. Asked once."""
        ...

    async def fetch(self, file: AttachedFile, into: IO[bytes], *, at_most: int) -> WriteResult:
        """The content of one of the system's own files is in `into`, if the result is `done`."""
        ...

    async def find(self, file: KeptFile) -> str | None:
        """The id of the file that stands here under this key already."""
        ...

    async def keep(self, activity_type: ActivityType, file: KeptFile, content: IO[bytes]) -> WriteResult:
        """The file stands here, with its id in the result. `uncertain`: `find` tells whether it does."""
        ...

    async def attach(self, activity_type: ActivityType, record_id: str, file_ids: Sequence[str]) -> WriteResult:
        """The kept files hang on the activity, beside whatever hangs on it now."""
        ...


class Directory(Protocol):
    """Knows the records that activities hang on, and the owners."""

    async def describe(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, NaturalKey]]:
        """The natural keys of this system's own records: ids by kind in, keys by kind and id out.

        A merged record is described as its survivor, whose `id` that key has, and a survivor with its `former_ids`.
        """
        ...

    async def find(self, lookups: Sequence[Lookup]) -> dict[str, list[NaturalKey]]:
        """Per kind, all records that match any of the keys, merged ones as their survivor. The caller ranks them."""
        ...

    @property
    def proves_by_activities(self) -> bool:
        """Whether `still_hanging` ever saves a call."""
        ...

    async def still_hanging(self, kind: str, seen_on: Mapping[str, tuple[ActivityType, str]]) -> frozenset[str]:
        """Those of these records which the named activities of this system hang on: neither deleted nor merged.

        Only where that takes fewer calls than looking them up, and where nothing but a look-up shows who names whom;
        else none.
        """
        ...

    async def matching(self, kind: str, condition: Condition, *, since: datetime) -> list[str]:
        """The ids of the records of this kind that were modified at or after `since` and meet the condition.

        It is asked of each by itself and speaks of this kind only; the system itself selects as far as it compares
        as we do.
        """
        ...

    async def lacking(self, asked_for: Mapping[str, Sequence[str]]) -> list[str]:
        """Those of these properties, by kind of record or activity type, that are not defined here, as `KIND.NAME`."""
        ...

    async def owners(self, ids: Collection[str] = ()) -> Mapping[str, Owner]:
        """All active owners by id, and those of `ids` even where they are inactive."""
        ...


class Records(Protocol):
    """Reads contacts and companies in full, and makes them where an activity needs one. Deals and tickets never."""

    async def read(self, kind: str, ids: Sequence[str]) -> dict[str, Profile]:
        """What these records say of themselves, by id; those that are gone or cannot be read are absent."""
        ...

    async def encode(self, kind: str, profile: Profile) -> dict[str, str]:
        """The fields of a record that is made from this, in this system's own names; empty where there would be none.

        Texts are cut where the system takes no longer ones, and an address or number that is too long is left out.
        """
        ...

    async def prepare(self, kinds: Collection[str]) -> None:
        """Whatever must exist before the first create (a place for our key)."""
        ...

    async def create(
        self, kind: str, requests: Sequence[RecordRequest], *, non_marketing: bool = False
    ) -> list[WriteResult]:
        """Make the records; never a second one under one key, or with an address that a contact has already.

        Results are in the order of the requests. `exists`, with an id: that record stands for it. `non_marketing`: a
        result whose record became a marketing contact has the code `made_as_marketing`. Missing rights are a `refused`
        for each record, not an error.
        """
        ...

    async def repeats_safely(self, kind: str, request: RecordRequest) -> bool:
        """Whether the server itself refuses a second record for this request: an uncertain one may be sent again."""
        ...

    async def look_up(self, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """The records that carry these keys of ours, by key."""
        ...

    async def absent_after(self, kind: str) -> timedelta | None:
        """How long after its announcement a key that `look_up` does not find is certainly not there; None: never."""
        ...


class Inspector(Protocol):
    """Looks at the account itself: whether it lets us do what the configuration asks for."""

    async def findings(self, use: Use) -> list[Finding]:
        """Rights, places for our keys, tables, options: one finding each, in a fixed order. Reads only.

        What one missing right keeps from being read is a finding, not an error. RetriableError, Unreachable.
        """
        ...

    async def complete(self, use: Use) -> list[Finding]:
        """The places for our keys that are missing exist, as far as the account allows: as `Writer.prepare` does it.

        One finding for each type for which something was made.
        """
        ...


class System(Protocol):
    """One CRM account, connected. Use as an async context manager; not shared between event loops."""

    @property
    def name(self) -> str:
        """As in flows, asset keys and references."""
        ...

    @property
    def translator(self) -> Translator:
        """Between records and activities."""
        ...

    @property
    def reader(self) -> Reader:
        """Reads activities."""
        ...

    @property
    def writer(self) -> Writer:
        """Writes activities."""
        ...

    @property
    def files(self) -> Files:
        """Fetches and keeps the contents of files."""
        ...

    @property
    def directory(self) -> Directory:
        """Knows the records that activities hang on."""
        ...

    @property
    def records(self) -> Records:
        """Reads and makes contacts and companies."""
        ...

    @property
    def inspector(self) -> Inspector:
        """Looks at the account itself."""
        ...

    @property
    def shows_unassociated(self) -> bool:
        """Whether people find an activity that hangs on no record."""
        ...

    @property
    def times_by_field(self) -> bool:
        """Whether `field_times` tells of each field by itself when people edited it; else of the record as a whole."""
        ...

    async def identify(self) -> Account:
        """Which account this is. AuthenticationFailed, Unreachable."""
        ...

    async def confirm(self, types: Collection[ActivityType]) -> None:
        """The properties of these types that the configuration names exist and hold what they are to hold.

        Costs no call where it names none; else each type costs its calls once. ConfigurationError.
        """
        ...

    async def learn(self, types: Collection[ActivityType]) -> None:
        """What the account itself says of these types (option values, text limits) is known to the translator.

        Called before anything is encoded for this system; each type costs its calls once.
        """
        ...

    @property
    def clock_ahead(self) -> timedelta:
        """How far this system's clock is ahead of ours, by its last answer; zero before the first."""
        ...

    @property
    def calls(self) -> int:
        """API calls made so far by this object, token requests excepted."""
        ...

    @property
    def traffic(self) -> Traffic:
        """The same in more detail."""
        ...

    def least_seconds(self, calls: Mapping[str, int]) -> float:
        """What so many calls, by lane, take at least within the limits in force: published, set or learnt."""
        ...

    def share_used(self, calls: Mapping[str, int], over: float) -> float | None:
        """How much of the narrowest limit in force so many calls were, made in `over` seconds; None without limits."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...
