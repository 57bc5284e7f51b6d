"""What `decide` sees: a link, two observations and a policy. All values; "source" and "target" are of one flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from activity_sync.activities.fingerprint import Fingerprint

NO_PRINTS: Fingerprint = {}


# --- observations ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unseen:
    """Not looked at, or not shown. Never a sign of absence (law 3)."""


class GoneHow(StrEnum):
    """Why a record is gone. A person's erasure is final."""

    DELETED = "deleted"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Gone:
    """Explicitly deleted or archived, or missing from a complete listing that passed its safeguards.

    `back_again`: a later signal says that the record was restored, so that it must be read before deciding.
    """

    how: GoneHow = GoneHow.DELETED
    back_again: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A record that an activity hangs on and that the target does not have (yet). Ids and keys only."""

    system: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class References:
    """How the records a source activity hangs on resolve in the target. Owners and bare addresses do not count.

    `ambiguous`: the target's records, as `kind/id`, of which one is meant, and there is no telling which. What they may
    stand for is among `missing`.
    """

    resolved: int = 0
    missing: tuple[Missing, ...] = ()
    ambiguous: tuple[str, ...] = ()

    @property
    def hangs_on_something(self) -> bool:
        """Whether the activity has any record at all."""
        return bool(self.resolved or self.missing)


@dataclass(frozen=True, slots=True)
class AssociationDiff:
    """Elements added and removed on this side since the last agreement, as keys of the element table.

    A key is `kind/id/role` in the side's own system; see `rules/elements.py`. `leaves_none`: the other side, which was
    read, would hang on nothing any more.
    """

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    leaves_none: bool = False

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


@dataclass(frozen=True, slots=True)
class Present:
    """A record as one side shows it now.

    `prints`: its fingerprint in its own form. `projected`: the fingerprint that the *other* side would show after
    taking this one's values (so `projected[f]` is comparable with the other side's `prints[f]`); a field the other
    side cannot hold is absent from it. `version`: the opaque token that guards writes. `field_times`: when each
    field was last edited by a person, where known; None until asked for, an empty mapping when nothing is known.
    `closed`: a closed Dynamics activity, read-only until reopened; `closed_type_kept`: it is never reopened, whatever
    the policy. `filtered_by`: what of the filter it does not pass, when it does not. `invalid`: why it cannot be
    carried, as (rule, reason), else None. `merged_into`: the survivor's id. `empty`: the fields that hold nothing (a
    fingerprint cannot say it), so that an adoption fills them.
    """

    prints: Fingerprint
    projected: Fingerprint = field(default_factory=dict)
    version: str | None = None
    field_times: Mapping[str, datetime] | None = None
    associations: AssociationDiff = field(default_factory=AssociationDiff)
    references: References = field(default_factory=References)
    passes_filter: bool = True
    filtered_by: str = ""
    closed: bool = False
    closed_type_kept: bool = False
    invalid: tuple[str, str] | None = None
    merged_into: str | None = None
    empty: frozenset[str] = frozenset()


Observation = Unseen | Gone | Present


# --- links -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoLink:
    """The ledger knows no counterpart. `matches`: target records found by our key or by the configured match rule.

    `rivals`: other unlinked records of the source that the rule takes for one of these as well.
    """

    matches: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """A create was announced and its end is unknown. `key`: our own key in the target.

    `looked`: whether the key was looked up. `found`: the target's id when the key was found there. `certain`: whether
    "not found" is certain (a strongly consistent read, or the search lag has passed). `settleable`: False where the
    target has no place for a key, so that only a person can say whether the create happened.
    """

    key: str
    generation: int
    intended: Fingerprint
    found: str | None = None
    looked: bool = False
    certain: bool = False
    settleable: bool = True


@dataclass(frozen=True, slots=True)
class Side:
    """What one side showed when last in step.

    `base`: one entry per field; a field without an entry was never observed there and is taken as it is first read.
    `unsettled`: fields that we wrote since that side was last read: their base is what we *intended*, and a server's
    rewriting of it with the same visible text is no edit. `version` only saves reads.
    """

    base: Fingerprint
    unsettled: frozenset[str] = frozenset()
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """Source and target are one activity.

    `plan_prints`: what each unfinished step of our own write leaves in the fields *that it writes*, first to last (an
    unfinished plan that is replaced keeps its prints before those of the new one). `plan_on_source`: that write was the
    mirror flow's, to what is the source here. `plan_since`: when that write was claimed, by the target's clock; None
    where the target cannot tell of a single field when a person edited it. `oscillating`: written more than four times
    in an hour without any field differing in visible text. `survivor_linked`: the record that the source was merged
    into has its own link.
    `generation`: how often this activity was created anew in the target.
    """

    source_id: str
    target_id: str
    source: Side
    target: Side
    revision: int
    plan_prints: tuple[Fingerprint, ...] = ()
    oscillating: bool = False
    survivor_linked: bool = False
    plan_on_source: bool = False
    plan_since: datetime | None = None
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Tombstoned:
    """The link was ended. `mapped`: the fields that were mapped then, so that a new mapping is no edit.

    `erased`: it ended because its person was erased: nothing is created again. `source_gone`: the source was gone
    then, so that seeing it present is a return. `target_id`: the counterpart's id, to link again with. `delete_due`:
    the mirror flow found its target (the source here) deleted and ended the link (case 19); this flow's delete policy
    has not been applied yet. `plan_prints`: what an unfinished write of that delete (a close) leaves in the target.
    `target_linked`: the counterpart has a living link to another record (the second life of this one).
    """

    source: Side
    target: Side
    generation: int
    mapped: frozenset[str]
    erased: bool = False
    source_gone: bool = False
    target_id: str = ""
    delete_due: bool = False
    plan_prints: tuple[Fingerprint, ...] = ()
    target_linked: bool = False


Link = NoLink | Pending | Linked | Tombstoned


# --- policy ------------------------------------------------------------------------------------------------------


class Conflict(StrEnum):
    """Who wins a field that both sides changed."""

    LATEST = "latest_wins"
    SOURCE = "source_wins"
    TARGET = "target_wins"


class Delete(StrEnum):
    """What a delete on one side does to the counterpart."""

    IGNORE = "ignore"
    CLOSE = "close"
    ARCHIVE = "archive"


class Restore(StrEnum):
    """What an edit, or a return, does after a delete."""

    HOLD = "hold"
    CREATE = "create"


class Closed(StrEnum):
    """How a closed Dynamics activity is updated."""

    REOPEN = "reopen"
    LEAVE = "leave"


class LossyEdit(StrEnum):
    """What an edit of a value that was cut on its way does to the whole value on the other side."""

    KEEP_ORIGINAL = "keep_original"
    OVERWRITE = "overwrite"


class TargetEdits(StrEnum):
    """What an edit in the target of a one-way flow leads to."""

    IGNORE = "ignore"
    REVERT = "revert"


class Require(StrEnum):
    """How many of an activity's records must exist in the target before it is written."""

    ANY = "any"
    ALL = "all"


AMBIGUOUS_RECORD = "ambiguous_record"
"""Why a reference is unresolved, and an activity held: several of the target's records have the key (case 4)."""


LAST_ASSOCIATION = "last_association"
"""Why a removal is not carried: the target's record would hang on nothing, and nobody would see it there."""


class Several(StrEnum):
    """What happens when several of the target's records have the key that is looked for."""

    FIRST_CREATED = "first_created"
    HOLD = "hold"


class Unplaced(StrEnum):
    """What becomes of a record that has no place in the target's activity: recorded as lost, or named in its body."""

    DROP = "drop"
    APPEND = "append"


class Unresolved(StrEnum):
    """What happens to an activity none of whose records resolves."""

    DEFER = "defer"
    SKIP = "skip"
    LOAD_UNASSOCIATED = "load_unassociated"


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of one flow and type, seen from its source. `hubspot_wins` becomes source or target here.

    `two_way`: the mirror flow is on for this type. `source_breaks_ties`: who wins `latest_wins` when times are less
    than five seconds apart or missing (HubSpot, whichever side it is). `needs_association`: the target shows no
    unassociated activity (HubSpot). `lossy_at_source`: fields for which the *source* holds a cut copy of the target's
    longer value at present. `one_way_fields`: fields mapped in this direction only, never in conflict.
    `filter_always`: `scope: always`, a linked record is asked again. `remapped`: a whole pass under a mapping that
    changed since the link was last compared, so that fields which nobody edited are compared across the sides too.
    `target_times_by_row`: the target tells when a record was edited, not which of its fields, and our own write hides
    that (Dynamics).
    """

    two_way: bool = True
    conflict: Conflict = Conflict.LATEST
    delete: Delete = Delete.IGNORE
    restore: Restore = Restore.HOLD
    closed: Closed = Closed.REOPEN
    lossy_edit: LossyEdit = LossyEdit.KEEP_ORIGINAL
    target_edits: TargetEdits = TargetEdits.IGNORE
    require: Require = Require.ANY
    unresolved: Unresolved = Unresolved.DEFER
    filter_always: bool = False
    source_breaks_ties: bool = True
    needs_association: bool = False
    lossy_at_source: frozenset[str] = frozenset()
    one_way_fields: frozenset[str] = frozenset()
    remapped: bool = False
    target_times_by_row: bool = False

    @property
    def keeps_last(self) -> bool:
        """Whether a record of the target must hang on something: it is neither made without, nor parted from all."""
        return self.needs_association and self.unresolved is not Unresolved.LOAD_UNASSOCIATED
