"""What staging holds on one person is taken out of it: of each activity that names or hangs on them, all rows.

Whole records go, not only cells: a proposal without its contents must not be loaded by a rerun. What the ledger keeps
are ids, keyed hashes and times. The two CRMs are asked who the person is, and are not changed.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import FLOWS
from activity_sync.ledger.outstanding import Outstanding
from activity_sync.pipeline.leasing import holder_of, holding
from activity_sync.pipeline.rows import dumps
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import Lookup

_CONTACT = "contact"
_PATIENCE = timedelta(minutes=10)
# What may stand before an address: no character that could belong to it, or an escape of JSON or of a URL.
_BEFORE = r"(?:^|[^a-z0-9._%+\-]|\\[nrtbf]|\\u[0-9a-f]{4}|%20|%3a|%3c)"
# After it, a dot may end the sentence but not go on with the domain.
_AFTER = r"(?:$|[^a-z0-9.\-]|\.(?:$|[^a-z0-9]))"
_AT = r"(?:@|%40|&#64;|&#x40;|&commat;|\\u0040)"


@dataclass
class Erased:
    """What was taken out, as activities and rows by flow and type; the contacts that were looked for, ids by system."""

    contacts: dict[str, list[str]]
    activities: dict[tuple[str, ActivityType], int] = field(default_factory=dict)
    rows: dict[tuple[str, ActivityType], Counter[Step]] = field(default_factory=dict)


def pattern_of(address: str) -> str:
    """A regular expression that finds the address as JSON, HTML and URLs may write it, but not inside a longer one."""
    local, _, domain = address.strip().lower().rpartition("@")
    return _BEFORE + "".join(map(_character, local)) + _AT + "".join(map(_character, domain)) + _AFTER


def _character(one: str) -> str:
    """The character as it is, or as JSON and URLs escape it."""
    spellings = [re.escape(one)]
    if not one.isascii():
        halves = one.encode("utf-16-be").hex()
        spellings.append("".join(rf"\\+u{halves[at : at + 4]}" for at in range(0, len(halves), 4)))
    if not one.isalnum() or not one.isascii():
        spellings.append("".join(f"%{byte:02x}" for byte in one.encode()))
    return f"(?:{'|'.join(spellings)})" if len(spellings) > 1 else spellings[0]


async def erase(session: Session, address: str, *, contacts: Mapping[str, Sequence[str]] | None = None) -> Erased:
    """Nothing staged names the address, or hangs on a contact that has it in either system, any more.

    `contacts`: further contact ids by system, for a person whom the CRMs have forgotten already. RetriableError when a
    run keeps a type to itself for ten minutes.
    """
    await session.identify()
    known = {name: set((contacts or {}).get(name, ())) for name in session.systems}
    for name, system in session.systems.items():
        lookup = Lookup(_CONTACT, emails=(address,))
        for one in (await system.directory.find([lookup])).get(_CONTACT, []):
            known[name] |= {one.id, *one.former_ids}
    erased = Erased({name: sorted(ids) for name, ids in known.items()})
    for kind in ActivityType:
        await _erase_type(session, kind, pattern_of(address), known, erased)
    return erased


async def _erase_type(
    session: Session, kind: ActivityType, pattern: str, known: dict[str, set[str]], erased: Erased
) -> None:
    """Both flows of a type, while no run carries it: one under way would load what it had staged before."""
    async with AsyncExitStack() as stack:
        for flow in FLOWS:
            await stack.enter_async_context(holding(session, flow, kind, holder_of("erase"), patience=_PATIENCE))
        found = {
            flow: await asyncio.to_thread(
                session.staging.mentions, flow.name, kind, patterns=[pattern], texts=_on(flow, known)
            )
            for flow in FLOWS
        }
        for flow in FLOWS:
            copies = set().union(*(_counterparts(session, kind, one, found[one]) for one in FLOWS if one != flow))
            ids = found[flow] | copies
            _take_in_again(session, flow, kind, ids)
            removed = await asyncio.to_thread(session.staging.remove, flow.name, kind, ids)
            if removed:
                erased.activities[flow.name, kind] = len(ids)
                erased.rows[flow.name, kind] = removed


def _take_in_again(session: Session, flow: Flow, kind: ActivityType, ids: Collection[str]) -> None:
    """What a run has read and not loaded, its load will not find any more: the next run reads it again by its id."""
    begun = session.staging.without_a_result(flow.name, kind, ids)
    begun -= session.ledger.outstanding(flow.name, kind, sorted(begun)).keys()
    now = session.clock()
    session.ledger.record_outstanding(
        [
            Outstanding.due_at_once(flow.name, kind, one, rule="erase", reason="erased_before_load", now=now)
            for one in sorted(begun)
        ]
    )


def _on(flow: Flow, known: dict[str, set[str]]) -> list[str]:
    """How a resolved reference to one of the contacts is staged: by its own id, or by that of its counterpart."""
    as_source = [_inside({"kind": _CONTACT, "id": one}) for one in sorted(known.get(flow.source, ()))]
    return as_source + [_inside({"target": one}) for one in sorted(known.get(flow.target, ()))]


def _inside(values: Mapping[str, str]) -> str:
    """How these values stand amid others of a staged cell."""
    return dumps(values).strip()[1:-1]


def _counterparts(session: Session, kind: ActivityType, flow: Flow, ids: Collection[str]) -> set[str]:
    """What these source records are in the flow's target: the same words, staged by the mirror flow."""
    links = session.ledger.links(flow.source, kind, sorted(ids))
    sides = (link.sides.get(flow.target) for link in links.values())
    return {side.record_id for side in sides if side is not None and side.record_id is not None}
