"""Records of the target that were merged: an activity shows the survivor where the ledger knows the one before.

The mirror flow renames the ledger's elements when it sees the activity; until then, or in a one-way sync, a removal
must find the survivor itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from activity_sync.pipeline.elements import key, known, shown
from activity_sync.pipeline.observe import Card, Observer
from activity_sync.rules.elements import ElementState, parse_element_key


async def follow_target_merges(observer: Observer, cards: Sequence[Card]) -> None:
    """Where something was removed at the source, and the target does not show what was carried, ask what became of it.

    One call for all cards, and none in the usual case: nothing removed, or everything in its place.
    """
    unseen = {id(card): _unseen(observer, card) for card in cards}
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for names in unseen.values():
        for one in names:
            kind, record_id, _ = parse_element_key(one)
            wanted[kind].add(record_id)
    if not wanted:
        return
    described = await observer.target.directory.describe({kind: sorted(ids) for kind, ids in wanted.items()})
    survivors = {
        key(kind, record_id): key(kind, found.id)
        for kind, by_id in described.items()
        for record_id, found in by_id.items()
        if found.id != record_id
    }
    for card in cards:
        if not unseen[id(card)].isdisjoint(survivors):
            observer.follow_merges(card, survivors)


def _unseen(observer: Observer, card: Card) -> frozenset[str]:
    """What was carried to the target and is not to be seen there, if anything was removed at the source."""
    if card.row is None or card.target_activity is None or not (card.elements.remove or card.elements.forget):
        return frozenset()
    carried = {
        one.target for one in known(card.row, observer.scope.flow) if one.state is ElementState.CARRIED and one.target
    }
    return frozenset(carried - shown(card.target_activity))
