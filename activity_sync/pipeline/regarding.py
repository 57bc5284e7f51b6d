"""The one record that an activity is about, in a system that knows only one: by the configured order of kinds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from activity_sync.activities.activity import Activity
from activity_sync.pipeline.elements import key, shown
from activity_sync.pipeline.rows import Ref
from activity_sync.rules.elements import Element, ElementMerge, ElementState


def regarding_of(refs: Iterable[Ref], order: Sequence[str]) -> Ref | None:
    """The first by kind, and among several of a kind the source's own, else the oldest."""
    given = list(refs)
    for kind in order:
        of_kind = [ref for ref in given if ref.kind == kind]
        if of_kind:
            return min(of_kind, key=lambda ref: (not ref.primary, len(ref.id), ref.id))
    return None


def heir_of(
    target: Activity, refs: Iterable[Ref], merge: ElementMerge, elements: Iterable[Element], *, order: Sequence[str]
) -> Ref | None:
    """The record that the target's activity is to be about, where the one that it is about is taken from it.

    Any that it shows, that comes now, or that had no place so far. None where it goes on being about another one.
    """
    about = next((one for one in target.associations if one.primary), None)
    if about is None or key(about.kind, about.id) not in merge.parted:
        return None
    staying = shown(target) - merge.parted
    coming = merge.add | {one.source for one in elements if one.state is ElementState.LOST}
    return regarding_of(
        (
            ref
            for ref in refs
            if ref.target is not None and (key(ref.kind, ref.id) in coming or key(ref.kind, ref.target) in staying)
        ),
        order,
    )
