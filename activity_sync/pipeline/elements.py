"""Association elements of a link: what the ledger knows of them, what both sides show, what to remember.

An element's key leaves the role out: the systems name roles differently, and one record hangs on an activity once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from activity_sync.activities.activity import Activity
from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import RecordKind, Role
from activity_sync.ledger.rows import Element as Stored
from activity_sync.ledger.rows import LinkRow
from activity_sync.pipeline.rows import Ref
from activity_sync.rules.elements import (
    Element,
    ElementMerge,
    ElementState,
    element_key,
    merge_elements,
    parse_element_key,
)
from activity_sync.systems.system import Loss, TargetLink

_KINDS = frozenset(kind.value for kind in RecordKind)


def key(kind: str, record_id: str) -> str:
    """The element of a record, whatever its role."""
    return element_key(kind, record_id, Role.ASSOCIATED)


def merged(row: LinkRow, flow: Flow, refs: Iterable[Ref], target: Activity | None) -> ElementMerge:
    """What this flow does about the link's associations. `target` is None when it was not read."""
    source = {key(ref.kind, ref.id): key(ref.kind, ref.target) if ref.target else None for ref in refs}
    shown = None
    if target is not None:
        shown = {key(one.kind, one.id) for one in target.associations if one.kind in _KINDS}
    return merge_elements(known(row, flow), source=source, target=shown)


def known(row: LinkRow, flow: Flow) -> list[Element]:
    """The ledger's elements as this flow sees them; those that its source does not have are left out."""
    found = []
    for one in row.elements:
        here, there = one.origin_record_id, one.counterpart_record_id
        if row.origin != flow.source:
            here, there = there, here
        if here:
            target = key(one.kind, there) if there else ""
            found.append(Element(key(one.kind, here), target, one.state))
    return found


def removed_links(row: LinkRow, flow: Flow, remove: Sequence[str]) -> list[TargetLink]:
    """The associations to take away in the target, for these source elements."""
    counterpart = {one.source: one.target for one in known(row, flow)}
    links = []
    for one in remove:
        if counterpart.get(one):
            kind, record_id, role = parse_element_key(counterpart[one])
            links.append(TargetLink(kind, record_id, role))
    return links


def of_create(refs: Iterable[Ref], losses: Iterable[Loss]) -> tuple[dict[str, str], ...]:
    """The elements of a new link: carried, waiting for their record, or without a place in the target."""
    lost = lost_in_target(losses)
    return tuple(_staged(ref, _state(ref, lost)) for ref in _each_once(refs))


def of_update(merge: ElementMerge, refs: Iterable[Ref], losses: Iterable[Loss]) -> tuple[dict[str, str], ...]:
    """What to remember after an update, or after a look: new states, and the elements that are no more."""
    lost = lost_in_target(losses)
    by_key = {key(ref.kind, ref.id): ref for ref in refs}
    changes = [_staged(by_key[one], _state(by_key[one], lost)) for one in sorted(merge.add | merge.agree | merge.wait)]
    for one in sorted(merge.remove | merge.forget):
        kind, record_id, _ = parse_element_key(one)
        changes.append({"kind": kind, "source": record_id, "target": "", "state": "removed"})
    return tuple(changes)


def stored(row: LinkRow | None, flow: Flow, staged: Iterable[Mapping[str, str]]) -> tuple[list[Stored], list[Stored]]:
    """Staged changes as the ledger takes them: (to hold, to remove)."""
    origin_is_source = row is None or row.origin == flow.source
    hold, remove = [], []
    for one in staged:
        if one["state"] == "removed":
            remove += [
                each
                for each in (row.elements if row else ())
                if each.kind == one["kind"]
                and one["source"] == (each.origin_record_id if origin_is_source else each.counterpart_record_id)
            ]
            continue
        ids = (one["source"], one["target"]) if origin_is_source else (one["target"], one["source"])
        hold.append(Stored(one["kind"], Role.ASSOCIATED.value, ids[0], ids[1], ElementState(one["state"])))
    return hold, remove


def lost_in_target(losses: Iterable[Loss]) -> frozenset[str]:
    """The `kind/id` of target records for which the target has no place."""
    return frozenset(loss.detail for loss in losses if loss.field == "associations")


def _state(ref: Ref, lost: frozenset[str]) -> str:
    if ref.target is None:
        return ElementState.WAITING.value
    return ElementState.LOST.value if f"{ref.kind}/{ref.target}" in lost else ElementState.CARRIED.value


def _staged(ref: Ref, state: str) -> dict[str, str]:
    # What has no place in the target has no counterpart there either: the mirror flow must not miss it.
    target = ref.target if ref.target and state == ElementState.CARRIED.value else ""
    return {"kind": ref.kind, "source": ref.id, "target": target, "state": state}


def _each_once(refs: Iterable[Ref]) -> list[Ref]:
    return list({key(ref.kind, ref.id): ref for ref in refs}.values())
