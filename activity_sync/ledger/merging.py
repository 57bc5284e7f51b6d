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
    """The elements afterwards: one per kind, role and pair of records."""
    kept = [one for one in before if not any(_is_same(one, other) for other in (*change.upsert, *change.remove))]
    last: list[Element] = []
    for one in change.upsert:
        last = [*(other for other in last if not _is_same(one, other)), one]
    return (*kept, *last)


def _is_same(one: Element, other: Element) -> bool:
    """Whether both name the same records, as far as they name any. One record may stand for several of the other side.

    A merge in one system alone makes two of its elements name the same survivor.
    """
    if (one.kind, one.role) != (other.kind, other.role):
        return False
    pairs = [
        (one.origin_record_id, other.origin_record_id),
        (one.counterpart_record_id, other.counterpart_record_id),
    ]
    return any(here and here == there for here, there in pairs) and all(
        here == there or not (here and there) for here, there in pairs
    )
