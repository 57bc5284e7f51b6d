"""Between link rows as values and as columns: JSON in text, the same on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from activity_sync.activities.fingerprint import FieldPrint, Fingerprint
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.rows import Element, ElementState, LinkRow, LinkState, SideRow, Tombstone

# Times of our writes kept per link: the oscillation rule asks for more than four in an hour.
_WRITES_KEPT = 6
_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


def dump(value: Any) -> str:
    """Compact JSON, keys sorted: the same value gives the same text."""
    return _ENCODER.encode(value)


def dump_plan(plan: Any | None) -> str | None:
    """None stays None: no plan."""
    return None if plan is None else dump(plan)


def dump_prints(prints: Fingerprint) -> str:
    """`{field: "exact[.visible]"}`."""
    return dump({name: str(one) for name, one in prints.items()})


def dump_tombstone(tombstone: Tombstone | None) -> str | None:
    """`{"mapped": [...], "erased": bool, "gone": [...]}`; `delete_due` has a column of its own."""
    if tombstone is None:
        return None
    return dump({"mapped": sorted(tombstone.mapped), "erased": tombstone.erased, "gone": sorted(tombstone.gone)})


def dump_names(names: Iterable[str]) -> str:
    """A sorted list."""
    return dump(sorted(names))


def written(before: tuple[str, ...], wrote_at: str | None) -> list[str]:
    """The last six times, oldest first."""
    return [*before, *([wrote_at] if wrote_at else [])][-_WRITES_KEPT:]


def load_prints(text: str) -> dict[str, FieldPrint]:
    """The inverse of `dump_prints`."""
    return {name: FieldPrint.parse(one) for name, one in json.loads(text).items()}


def load_side(row: Any) -> SideRow:
    """A `link_sides` row."""
    return SideRow(
        record_id=row.record_id,
        base=load_prints(row.base),
        unsettled=frozenset(json.loads(row.unsettled)),
        version=row.version,
    )


def load_element(row: Any) -> Element:
    """An `elements` row."""
    return Element(
        kind=row.kind,
        role=row.role,
        origin_record_id=row.origin_record_id,
        counterpart_record_id=row.counterpart_record_id,
        state=ElementState(row.state),
    )


def load_link(row: Any, sides: Mapping[str, SideRow], elements: tuple[Element, ...]) -> LinkRow:
    """A `links` row with its sides and elements."""
    tombstone = None
    if row.tombstone is not None:
        told = json.loads(row.tombstone)
        tombstone = Tombstone(
            mapped=frozenset(told["mapped"]),
            erased=told["erased"],
            gone=frozenset(told.get("gone", ())),  # schema 0002 did not say
            delete_due=row.delete_due or "",
        )
    return LinkRow(
        id=row.id,
        activity_type=ActivityType(row.activity_type),
        state=LinkState(row.state),
        origin=row.origin,
        key=row.key,
        generation=row.generation,
        revision=row.revision,
        intended=load_prints(row.intended),
        plan=None if row.plan is None else json.loads(row.plan),
        sides=sides,
        elements=elements,
        tombstone=tombstone,
        written_at=tuple(json.loads(row.written_at)),
        updated_at=row.updated_at,
    )
