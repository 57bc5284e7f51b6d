"""Association elements of a link: what the ledger knows of them, what both sides show, what to remember.

An element's key leaves the role out: the systems name roles differently, and one record hangs on an activity once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from activity_sync.activities.activity import Activity
from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import RecordKind, Role
from activity_sync.activities.loss import Loss
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
from activity_sync.systems.records import TargetLink

_KINDS = frozenset(kind.value for kind in RecordKind)
_NO_MERGES: Mapping[str, str] = {}


def key(kind: str, record_id: str) -> str:
    """The element of a record, whatever its role."""
    return element_key(kind, record_id, Role.ASSOCIATED)


def merged(
    row: LinkRow,
    flow: Flow,
    refs: Iterable[Ref],
    target: Activity | None,
    *,
    survivors: Mapping[str, str] = _NO_MERGES,
) -> ElementMerge:
    """What this flow does about the link's associations. `target` is None when it was not read.

    `survivors`: by key, those records of the target that others have been merged into.
    """
    refs = list(refs)
    source = {key(ref.kind, ref.id): key(ref.kind, ref.target) if ref.target else None for ref in refs}
    merged_into = {key(ref.kind, former): key(ref.kind, ref.id) for ref in refs for former in ref.former}
    elements = known(row, flow)
    if survivors:
        elements = [replace(one, target=survivors.get(one.target, one.target)) for one in elements]
    return merge_elements(
        elements, source=source, target=None if target is None else shown(target), merged_into=merged_into
    )


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


def shown(activity: Activity) -> frozenset[str]:
    """The elements that an activity shows."""
    return frozenset(key(one.kind, one.id) for one in activity.associations if one.kind in _KINDS)


def as_carried(row: LinkRow, flow: Flow, refs: tuple[Ref, ...]) -> tuple[Ref, ...]:
    """The references, where those that nothing resolves any more are what this link knows them, or theirs, to be."""
    if all(_stands(ref) for ref in refs):
        return refs
    counterpart = {one.source: one.target for one in known(row, flow) if one.target}

    def stand(ref: Ref) -> Ref:
        names = [key(ref.kind, one) for one in (ref.id, *ref.former)]
        found = next((counterpart[one] for one in names if one in counterpart), None)
        if found is None or _stands(ref):
            return ref
        return replace(ref, target=parse_element_key(found)[1], rule="carried_before", candidates=(), create="")

    return tuple(map(stand, refs))


def _stands(ref: Ref) -> bool:
    """Whether the reference has its counterpart, which exists."""
    return ref.target is not None and not ref.create


def removed_links(parted: Iterable[str]) -> list[TargetLink]:
    """The associations to take away in the target, for these target elements."""
    return [TargetLink(*parse_element_key(one)) for one in sorted(parted)]


def of_create(refs: Iterable[Ref], losses: Iterable[Loss]) -> tuple[dict[str, str], ...]:
    """The elements of a new link: carried, waiting for their record, or without a place in the target."""
    lost = lost_in_target(losses)
    return tuple(_staged(ref, _state(ref, lost)) for ref in _each_once(refs))


def of_update(merge: ElementMerge, refs: Iterable[Ref], losses: Iterable[Loss]) -> tuple[dict[str, str], ...]:
    """What to remember after an update, or after a look: new states, and the elements that are no more."""
    lost = lost_in_target(losses)
    by_key = {key(ref.kind, ref.id): ref for ref in refs}
    changes = [
        {"kind": kind, "source": record_id, "target": "", "state": "moved", "was": former}
        for old, new in sorted(merge.moved)
        for (kind, former, _), (_, record_id, _) in [(parse_element_key(old), parse_element_key(new))]
    ]
    changes += [_staged(by_key[one], _state(by_key[one], lost)) for one in sorted(merge.add | merge.agree | merge.wait)]
    for one in sorted(merge.remove | merge.forget):
        kind, record_id, _ = parse_element_key(one)
        changes.append({"kind": kind, "source": record_id, "target": "", "state": "removed"})
    return tuple(changes)


def stored(row: LinkRow | None, flow: Flow, staged: Iterable[Mapping[str, str]]) -> tuple[list[Stored], list[Stored]]:
    """Staged changes as the ledger takes them: (to hold, to remove)."""
    origin_is_source = row is None or row.origin == flow.source

    def turned(one: Stored) -> Stored:
        """An element of the ledger with the source's record as its origin, or the same back."""
        if origin_is_source:
            return one
        return replace(one, origin_record_id=one.counterpart_record_id, counterpart_record_id=one.origin_record_id)

    held = [turned(one) for one in (row.elements if row else ())]
    hold: list[Stored] = []
    remove: list[Stored] = []
    for one in staged:
        kind, record_id = one["kind"], one["source"]
        own = [each for each in held if (each.kind, each.origin_record_id) == (kind, record_id)]
        match one["state"]:
            case "removed":
                remove += own
            case "moved":
                old = [each for each in held if (each.kind, each.origin_record_id) == (kind, one["was"])]
                remove += old
                # What waits, or has no place, says nothing of a record that has an element of its own.
                hold += [
                    replace(each, origin_record_id=record_id) for each in old if each.counterpart_record_id or not own
                ]
            case state:
                hold.append(Stored(kind, Role.ASSOCIATED.value, record_id, one["target"], ElementState(state)))
    return list(map(turned, hold)), list(map(turned, remove))


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
