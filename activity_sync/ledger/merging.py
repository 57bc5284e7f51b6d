"""How a settled change meets what the ledger held: pure."""

from __future__ import annotations

from dataclasses import replace

from activity_sync.ledger.rows import Element, ElementChange, LinkChange, SideRow


def merge_side(side: SideRow, system: str, change: LinkChange) -> SideRow:
    """Base entries are merged one by one; everything else that the change names is replaced."""
    ids, bases = change.record_ids or {}, change.bases or {}
    unsettled, versions = change.unsettled or {}, change.versions or {}
    return replace(
        side,
        record_id=ids.get(system, side.record_id),
        base={**side.base, **bases[system]} if system in bases else side.base,
        unsettled=unsettled.get(system, side.unsettled),
        version=versions.get(system, side.version),
    )


def merge_elements(before: tuple[Element, ...], change: ElementChange) -> tuple[Element, ...]:
    """The elements afterwards: one per kind, role and record of either side."""
    kept = [one for one in before if not any(_is_same(one, other) for other in (*change.upsert, *change.remove))]
    last: list[Element] = []
    for one in change.upsert:
        last = [*(other for other in last if not _is_same(one, other)), one]
    return (*kept, *last)


def _is_same(one: Element, other: Element) -> bool:
    if (one.kind, one.role) != (other.kind, other.role):
        return False
    same_here = bool(one.origin_record_id) and one.origin_record_id == other.origin_record_id
    same_there = bool(one.counterpart_record_id) and one.counterpart_record_id == other.counterpart_record_id
    return same_here or same_there
