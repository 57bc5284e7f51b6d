"""What the ledger holds and takes, as values. Prints are keyed hashes; ids are the systems' own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from activity_sync.activities.fingerprint import Fingerprint
from activity_sync.activities.kinds import ActivityType
from activity_sync.rules.elements import ElementState as ElementState  # noqa: PLC0414  # a part of `Element`

NO_PRINTS: Fingerprint = {}


class LinkState(StrEnum):
    """The life of a link. Pending and linked ones are *living*: at most one per record."""

    PENDING = "pending"
    LINKED = "linked"
    TOMBSTONED = "tombstoned"


@dataclass(frozen=True, slots=True)
class Element:
    """One association of a link. "" stands for the side that has no such record (yet)."""

    kind: str
    role: str
    origin_record_id: str
    counterpart_record_id: str
    state: ElementState


@dataclass(frozen=True, slots=True)
class ElementChange:
    """`upsert` replaces the elements of the same kind and role that name the same records.

    One that names a record of one side only is replaced by, and replaces, any other that names it.
    """

    upsert: tuple[Element, ...] = ()
    remove: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class SideRow:
    """One side of a link. `record_id` is None while the create is pending. `unsettled`: written, not yet read back."""

    record_id: str | None
    base: Fingerprint = field(default_factory=dict)
    unsettled: frozenset[str] = frozenset()
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """How a link ended.

    `mapped`: the fields mapped then. `erased`: its person was erased; never create again. `gone`: the systems in which
    the record was gone. `delete_due`: one of these, whose own flow has not acted on the delete yet; "" for none.
    """

    mapped: frozenset[str] = frozenset()
    erased: bool = False
    gone: frozenset[str] = frozenset()
    delete_due: str = ""


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as the ledger holds it.

    `origin`: the system whose record was there first. `intended`: of a pending link, what its target will show.
    `written_at`: ISO times of our last writes, oldest first, at most six. `updated_at`: the last announcement, claim
    or settling. `fresh` is False on a row that `announce` or `adopt` found instead of making.
    """

    id: int
    activity_type: ActivityType
    state: LinkState
    origin: str
    key: str
    generation: int
    revision: int
    intended: Fingerprint
    plan: Any | None
    sides: Mapping[str, SideRow]
    elements: tuple[Element, ...]
    tombstone: Tombstone | None
    written_at: tuple[str, ...]
    updated_at: datetime
    fresh: bool = True

    @property
    def counterpart(self) -> str:
        """The other system's name."""
        return next(system for system in self.sides if system != self.origin)

    @property
    def origin_id(self) -> str:
        """The id of the record that was there first."""
        return str(self.sides[self.origin].record_id)

    @property
    def is_living(self) -> bool:
        """Whether the link holds its records: no other link may name them."""
        return self.state is not LinkState.TOMBSTONED


@dataclass(frozen=True, slots=True)
class LinkVersion:
    """What tells whether a link has moved, and, by the version of one of its records, whether that has."""

    link_id: int
    revision: int
    record_version: str | None


@dataclass(frozen=True, slots=True)
class NewLink:
    """A create to announce: `source_id` of `origin` gets a counterpart under our own `key`."""

    activity_type: ActivityType
    origin: str
    counterpart: str
    source_id: str
    key: str
    generation: int = 0
    intended: Fingerprint = field(default_factory=dict)
    source_base: Fingerprint = field(default_factory=dict)
    source_version: str | None = None
    elements: tuple[Element, ...] = ()
    plan: Any | None = None


@dataclass(frozen=True, slots=True)
class AdoptedLink:
    """A link between two records that both exist: found by a rule, or rebuilt from stored keys.

    `bases`, `unsettled` and `versions` by system; a side left out has an empty base.
    """

    activity_type: ActivityType
    origin: str
    counterpart: str
    origin_id: str
    counterpart_id: str
    key: str = ""
    generation: int = 0
    bases: Mapping[str, Fingerprint] = field(default_factory=dict)
    unsettled: Mapping[str, frozenset[str]] = field(default_factory=dict)
    versions: Mapping[str, str | None] = field(default_factory=dict)
    elements: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """Take `link_id` at `revision` for a write, and leave `plan` (JSON) as the write plan."""

    link_id: int
    revision: int
    plan: Any | None = None


@dataclass(frozen=True, slots=True)
class LinkChange:
    """What became of one link. None leaves a thing as it is.

    `bases` are merged entry by entry, `unsettled` replaces a side's set, `wrote_at` (ISO) is added to `written_at`.
    A tombstone that is not given tells the fields of the bases as mapped. `expect_revision`: apply only to the link
    as it was seen, or claimed (a claim moves the revision by one). `key`: our own, "" where no record carries one.
    """

    link_id: int
    expect_revision: int | None = None
    state: LinkState | None = None
    record_ids: Mapping[str, str] | None = None
    bases: Mapping[str, Fingerprint] | None = None
    unsettled: Mapping[str, frozenset[str]] | None = None
    versions: Mapping[str, str | None] | None = None
    elements: ElementChange | None = None
    clear_plan: bool = False
    wrote_at: str | None = None
    tombstone: Tombstone | None = None
    key: str | None = None

    @property
    def moves_revision(self) -> bool:
        """Whether a decision made before would be wrong now. A version token or a settled field does not."""
        return self.clear_plan or any(
            part is not None for part in (self.state, self.record_ids, self.bases, self.elements, self.tombstone)
        )
