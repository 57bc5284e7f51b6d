"""What people decided about possible twins, of either system, as one flow sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from activity_sync.ledger.choices import Choice, Decision


@dataclass(frozen=True, slots=True)
class Decided:
    """What people have decided about these records already, as (source id, target id).

    `linked`: by source id the target record it is. `parted`: pairs that are none. `settled_here`, `settled_there`:
    records that a person has decided on, which are nobody else's match.
    """

    linked: Mapping[str, str] = field(default_factory=dict)
    parted: frozenset[tuple[str, str]] = frozenset()
    settled_here: frozenset[str] = frozenset()
    settled_there: frozenset[str] = frozenset()


def decided(here: Iterable[Choice], there: Iterable[Choice]) -> Decided:
    """The choices about the source's records and those about the target's, as this flow sees them."""
    here, there = list(here), list(there)
    from_here = {one.record_id: one.other_id for one in here if one.decision is Decision.LINK}
    created = {one.record_id for one in here if one.decision is Decision.CREATE}
    from_there = {one.other_id: one.record_id for one in there if one.decision is Decision.LINK}
    linked = {one: other for one, other in from_there.items() if one not in created} | from_here
    return Decided(
        linked=linked,
        parted=frozenset(
            [(one.record_id, one.other_id) for one in here if one.decision is Decision.APART]
            + [(one.other_id, one.record_id) for one in there if one.decision is Decision.APART]
        ),
        settled_here=frozenset(linked) | created,
        settled_there=frozenset(linked.values()) | {one.record_id for one in there if one.decision is Decision.CREATE},
    )
