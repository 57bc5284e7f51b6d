"""What `decide` answers: one action per record. `case` is the row of the table in sync-rules.md.

An action is a proposal. `moves` says which bases the ledger holds afterwards: observations that were agreed on, never
a to-do list. Three actions ask for one more look (`ReadSource`, `ReadTarget`, `ReadTimes`); the rest are final.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from activity_sync.activities.fingerprint import FieldPrint
from activity_sync.rules.values import Delete, Missing


@dataclass(frozen=True, slots=True)
class Moves:
    """Base entries to store, per side, as (field, print) pairs; only fields whose base changes are listed.

    `source_settled`, `target_settled`: the side was read, so none of its fields is unsettled any more. After an
    `Update` the fields just written are unsettled on the target.
    """

    source: dict[str, FieldPrint] = field(default_factory=dict)
    target: dict[str, FieldPrint] = field(default_factory=dict)
    source_settled: bool = False
    target_settled: bool = False

    def __bool__(self) -> bool:
        return bool(self.source or self.target or self.source_settled or self.target_settled)


@dataclass(frozen=True, slots=True)
class _Action:
    case: int
    reason: str = ""
    moves: Moves = field(default_factory=Moves)


@dataclass(frozen=True, slots=True)
class Skip(_Action):
    """Nothing to do: no call. The ledger is written only if `moves` is true or the version moved (case 27)."""


@dataclass(frozen=True, slots=True)
class Acknowledge(_Action):
    """Both sides hold the same already; the bases become what was read."""


@dataclass(frozen=True, slots=True)
class Create(_Action):
    """Create in the target under our own key of `generation`."""

    generation: int = 0


@dataclass(frozen=True, slots=True)
class Adopt(_Action):
    """Link the source to the existing target record, without a write; `moves` holds both bases of the new link.

    `then_update`: fields in which the two differ. Their bases are stored so that they count as changed (on both sides,
    or on the side that is not empty): decide once more on the new link, now or on any later pass (cases 12 to 14).
    """

    target_id: str = ""
    then_update: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Confirm(_Action):
    """The pending create is found in the target: make the link, compare on the next pass."""

    target_id: str = ""


@dataclass(frozen=True, slots=True)
class Update(_Action):
    """Write the source's `fields` to the target, and add and remove associations (source element keys).

    `lost_to_target`: fields in conflict that the target won (kept in staging); `overwrites`: fields in conflict that
    the source won. `reopen`: the target is closed and must be reopened first. `undo`: `fields` are the source's
    unchanged values, written over the target's edits (`target_edits: revert`). With the reason `last_association` what
    the source took away stays, because the target's record would hang on nothing.
    """

    fields: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    overwrites: tuple[str, ...] = ()
    lost_to_target: tuple[str, ...] = ()
    kept_lossy: tuple[str, ...] = ()
    reopen: bool = False
    undo: bool = False


@dataclass(frozen=True, slots=True)
class KeepTarget(_Action):
    """Changed at the source, but nothing is written: every changed field lost a conflict or is a kept lossy edit."""

    lost_to_target: tuple[str, ...] = ()
    kept_lossy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold(_Action):
    """A person decides: `held list` and `held resolve`.

    `candidates`: target records that it may be. `rivals`: source records that may be one of these instead. `rule`: what
    made it ambiguous, where that stands until a person decides.
    """

    candidates: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Defer(_Action):
    """Wait, visibly, for what is missing (records to appear, or certainty)."""

    waits_for: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class Filtered(_Action):
    """Not to be synced, for a stated reason."""


@dataclass(frozen=True, slots=True)
class Fail(_Action):
    """The record cannot be carried as it is: rule and reason."""

    rule: str = ""


@dataclass(frozen=True, slots=True)
class Forget(_Action):
    """End the link: gone on both sides, or a pending create whose source is gone."""


@dataclass(frozen=True, slots=True)
class Unlink(_Action):
    """The target was deleted there: end the link and report; the mirror flow applies its delete policy."""


@dataclass(frozen=True, slots=True)
class DeleteTarget(_Action):
    """The source was deleted: apply the delete policy to the target (`how` IGNORE: only end the link)."""

    how: Delete = Delete.IGNORE


@dataclass(frozen=True, slots=True)
class Relink(_Action):
    """The source was merged into `survivor`: the link follows it."""

    survivor: str = ""


@dataclass(frozen=True, slots=True)
class ReadSource(_Action):
    """Read the source by id and decide again."""


@dataclass(frozen=True, slots=True)
class ReadTarget(_Action):
    """Read the target by id and decide again."""


@dataclass(frozen=True, slots=True)
class ReadTimes(_Action):
    """Fields in conflict need the time of their last edit by a person on both sides; decide again with them."""

    fields: tuple[str, ...] = ()


Action = (
    Skip
    | Acknowledge
    | Create
    | Adopt
    | Confirm
    | Update
    | KeepTarget
    | Hold
    | Defer
    | Filtered
    | Fail
    | Forget
    | Unlink
    | DeleteTarget
    | Relink
    | ReadSource
    | ReadTarget
    | ReadTimes
)
