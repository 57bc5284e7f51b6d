"""Creates whose end is unknown: looked up by key, never guessed (cases 6 to 10).

Where records can carry no key, a record made since that shows all we meant to create, and that nothing else could be,
settles it; anything less is a person's to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from activity_sync.activities.fingerprint import Fingerprint
from activity_sync.errors import InvalidRecord
from activity_sync.pipeline.observe import Card, Observer
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.match import find_own_creates
from activity_sync.rules.values import Pending

_CLOCKS = timedelta(minutes=5)
"""How far the target's clock may be behind ours."""
_PREPARED = timedelta(seconds=10)
"""A place for keys is made just before the first create under one, and two clocks agree to a second or two."""

Announced = tuple[Card, Pending, datetime]
"""A card, its pending link, and when that was last announced."""


async def look_for_creates(observer: Observer, cards: Sequence[Card]) -> None:
    """Every card with a pending link knows what a look into the target says of it. No call where there is none."""
    pending = [(card, card.link, card.row.updated_at) for card in cards if isinstance(card.link, Pending) and card.row]
    if not pending:
        return
    reader, kind = observer.target.reader, observer.scope.activity_type
    settle_after = await reader.keys_settle_after(kind)
    now = observer.session.clock()
    keyless = pending
    if settle_after is not None:
        found = await reader.find_keys(kind, [link.key for _, link, _ in pending])
        since = await reader.keys_kept_since(kind)
        ahead = observer.target.clock_ahead + _PREPARED
        for card, link, announced in pending:
            certain = now - announced >= settle_after
            card.link = replace(link, found=found.get(link.key), looked=True, certain=certain)
        # What was sent before there was a place for keys carries none: not found is not absent.
        keyless = [one for one in pending if since and one[1].key not in found and one[2] + ahead < since]
    if keyless:
        await _look_without_keys(observer, keyless, now=now)


async def _look_without_keys(observer: Observer, pending: Sequence[Announced], *, now: datetime) -> None:
    lag = timedelta(seconds=observer.session.configuration.limits.overlap_seconds)
    old = [one for one in pending if now - one[2] >= lag]
    for card, link, announced in pending:
        if now - announced < lag:  # another run may still be writing it, and no index shows it yet
            card.link = replace(link, looked=True, certain=False)
    if old:
        shown = await _made_since(observer, min(announced for _, _, announced in old) - _CLOCKS)
        settled = unmistakable({card.seen.id: link.intended for card, link, _ in old}, shown)
        for card, link, _ in old:
            card.link = replace(link, found=settled.get(card.seen.id), looked=True, settleable=card.seen.id in settled)


async def _made_since(observer: Observer, since: datetime) -> dict[str, Fingerprint]:
    """What the target's unlinked records made since then show, by id."""
    session: Session = observer.session
    scope: Scope = observer.scope
    records = await observer.target.reader.made_since(scope.activity_type, since)
    links = session.ledger.links(scope.flow.target, scope.activity_type, [one.id for one in records])
    shown: dict[str, Fingerprint] = {}
    for record in records:
        if record.gone or (record.id in links and links[record.id].is_living):
            continue
        try:
            activity = observer.target.translator.decode(scope.activity_type, record)
        except InvalidRecord:
            continue  # what breaks its own system's contract is none of ours
        shown[record.id] = observer.prints(activity.fields)
    return shown


def unmistakable(intended: Mapping[str, Fingerprint], shown: Mapping[str, Fingerprint]) -> dict[str, str]:
    """Per announced create the one record that shows it, where that record could be no other create's."""
    matches = {source_id: find_own_creates(wanted, shown) for source_id, wanted in intended.items()}
    wanted_by = [record_id for some in matches.values() for record_id in some]
    return {
        source_id: some[0] for source_id, some in matches.items() if len(some) == 1 and wanted_by.count(some[0]) == 1
    }
