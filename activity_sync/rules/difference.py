"""Why a record of one system has no counterpart in the other: one reason for each, the plainest first. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """`not_due`: not carried yet, and it will be. `unlinked`: nothing known explains it, and somebody should look."""

    FILTERED = "filtered"
    DEFERRED = "deferred"
    HELD = "held"
    FAILED = "failed"
    DELETED = "deleted"
    NOT_DUE = "not_due"
    UNLINKED = "unlinked"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a record that has no counterpart where one might be.

    `link`: the state of its newest link, "" for none; `counterpart`: of a living link, what its own system says of the
    counterpart (`there`, `gone`, `unseen`). `open_as`: how the ledger lists it (`deferred`, `held`, `failed`,
    `dismissed`), `open_reason` why. `outcome`: what its newest run counted it as, `outcome_reason` why. `twin`: the
    record of its own system that it repeats. `flow_on`: whether its type is carried from its system at all.
    `read_until`: how far its system has been read, `modified_at` its last change there; `start`: the first day's begin.
    """

    modified_at: datetime
    start: datetime
    flow_on: bool = True
    link: str = ""
    counterpart: str = ""
    open_as: str = ""
    open_reason: str = ""
    outcome: str = ""
    outcome_reason: str = ""
    twin: str = ""
    read_until: datetime | None = None


def explain(known: Known) -> tuple[Reason, str]:
    """The reason and a detail for a person. What waits for somebody is told before all else."""
    if known.open_as:
        reason = Reason.FAILED if known.open_as == "dismissed" else Reason(known.open_as)
        return reason, known.open_reason
    match known.link, known.counterpart:
        case "linked", "there":
            return Reason.NOT_DUE, "its counterpart shows another day"
        case "linked", "gone":
            return Reason.DELETED, "its counterpart was deleted"
        case "linked", _:
            return Reason.UNLINKED, "its counterpart cannot be found; is it hidden from the credentials?"
        case "pending", _:
            return Reason.NOT_DUE, "its create is not known to have arrived; the next pass settles it"
        case "tombstoned", _:
            return Reason.DELETED, "its counterpart was deleted, and the link has ended"
    if known.twin:
        return Reason.DUPLICATE, f"repeats {known.twin}"
    if not known.flow_on:
        return Reason.FILTERED, "its type is not carried from this system"
    if known.outcome == Reason.FILTERED:
        return Reason.FILTERED, known.outcome_reason
    if known.modified_at < known.start:
        return Reason.FILTERED, "last modified before start_date"
    if known.read_until is None or known.modified_at >= known.read_until:
        return Reason.NOT_DUE, "changed since the last pass"
    return (
        Reason.UNLINKED,
        "read, and neither linked nor listed; `activity-sync sync --from DAY --to DAY` reads it again",
    )
