"""What the world's ledger holds, and a decision on its way to be carried out."""

from __future__ import annotations

from dataclasses import dataclass, field

from activity_sync.activities.fingerprint import FieldPrint, Fingerprint
from activity_sync.rules.actions import Action
from activity_sync.rules.values import Link, Observation


@dataclass(frozen=True)
class Plan:
    """A write that is not known to have ended: where to, when, what each step leaves."""

    target: str
    at: int
    steps: tuple[Fingerprint, ...]

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(name for step in self.steps for name in step)


@dataclass
class Row:
    """A link as the ledger holds it, per system; `state` is pending, linked or tombstoned.

    `doubted` (the truth's, not the ledger's): fields of writes whose end was unknown, until they are next written.
    """

    state: str
    origin: str
    ids: dict[str, str]
    base: dict[str, dict[str, FieldPrint]]
    unsettled: dict[str, set[str]] = field(default_factory=lambda: {"alpha": set(), "beta": set()})
    version: dict[str, str] = field(default_factory=dict)
    key: str = ""
    intended: Fingerprint = field(default_factory=dict)
    generation: int = 0
    revision: int = 0
    plan: Plan | None = None
    doubted: set[str] = field(default_factory=set)
    mapped: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    delete_due: str = ""
    kept: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Proposal:
    """What was decided, and on what."""

    source: str
    target: str
    source_id: str
    row: Row | None
    revision: int
    link: Link
    seen: Observation
    seen_there: Observation
    action: Action
