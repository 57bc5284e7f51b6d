"""Compares what stands in both systems, day by day, and gives a reason for every record that stands in one only.

Both systems are read; the ledger only explains. A record counts on the UTC day on which it took place, is due or
begins, since that is the same in both. Nothing is written anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from activity_sync.activities.activity import RichText
from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS
from activity_sync.errors import InvalidRecord
from activity_sync.ledger.rows import LinkRow, LinkState
from activity_sync.pipeline.scope import midnight
from activity_sync.pipeline.session import Session
from activity_sync.rules.difference import Known, Reason, explain
from activity_sync.rules.match import words_of
from activity_sync.systems.records import Sighting, SourceRecord, Window


@dataclass(frozen=True, slots=True)
class Difference:
    """A record of `system` without a counterpart on the same day of the other one. `detail` holds nothing personal."""

    system: str
    type: ActivityType
    id: str
    day: date
    reason: Reason
    detail: str


@dataclass
class Reconciled:
    """`counts`: by type and day, how many stand in each system; days with none in either are left out."""

    counts: dict[tuple[ActivityType, date], Counter[str]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def of_reason(self) -> Counter[Reason]:
        """How many differences have which reason."""
        return Counter(one.reason for one in self.differences)


async def reconcile(session: Session, types: Sequence[ActivityType], window: Window) -> Reconciled:
    """Every type in turn. Both systems are identified first."""
    await session.identify()
    found = Reconciled()
    for kind in types:
        seen = {name: await system.reader.took_place(kind, window) for name, system in session.systems.items()}
        for name, sightings in seen.items():
            for one in sightings:
                found.counts.setdefault((kind, one.at.date()), Counter())[name] += 1
        for name in session.systems:
            other = next(each for each in session.systems if each != name)
            flow = next(each for each in FLOWS if (each.source, each.target) == (name, other))
            comparison = _Comparison(session, kind, flow)
            found.differences += await comparison.differences(seen[name], seen[other])
    found.counts = dict(sorted(found.counts.items()))
    found.differences.sort(key=lambda one: (one.type, one.day, one.system, one.id))
    return found


@dataclass
class _Comparison:
    """One type of one system, held against the other one."""

    session: Session
    kind: ActivityType
    flow: Flow
    links: Mapping[str, LinkRow] = field(default_factory=dict)

    async def differences(self, here: Sequence[Sighting], there: Sequence[Sighting]) -> list[Difference]:
        """Of the records here, those that the other system does not show on the same day."""
        self.links = self.session.ledger.links(self.flow.source, self.kind, [one.id for one in here])
        days = {one.id: one.at.date() for one in there}
        odd = [one for one in here if days.get(self._counterpart(one)) != one.at.date()]
        if not odd:
            return []
        counterparts = await self._look_at(odd, days)
        twins = await self._twins(here, [one for one in odd if one.id not in self.links])
        ids = [one.id for one in odd]
        listed = self.session.ledger.outstanding(self.flow.name, self.kind, ids)
        outcomes = self.session.staging.newest_outcomes(self.flow.name, self.kind, ids)
        configuration = self.session.configuration
        read_until = self.session.ledger.watermark(self.flow.name, self.kind)
        told = []
        for one in odd:
            link, row = self.links.get(one.id), listed.get(one.id)
            outcome, rule, why = outcomes.get(one.id, ("", "", ""))
            known = Known(
                one.modified_at,
                midnight(configuration.start_date),
                flow_on=configuration.flow(self.flow).of(self.kind).enabled,
                read_until=read_until,
                link=link.state.value if link else "",
                counterpart=counterparts.get(one.id, ""),
                open_as=row.state.value if row else "",
                open_reason=_joined(row.reason, row.rule) if row else "",
                outcome=outcome,
                outcome_reason=_joined(why, rule),
                twin=twins.get(one.id, ""),
            )
            reason, detail = explain(known)
            told.append(Difference(self.flow.source, self.kind, one.id, one.at.date(), reason, detail))
        return told

    def _counterpart(self, sighting: Sighting) -> str:
        link = self.links.get(sighting.id)
        if link is None or link.state is not LinkState.LINKED:
            return ""
        return link.sides[self.flow.target].record_id or ""

    async def _look_at(self, odd: Iterable[Sighting], days: Collection[str]) -> dict[str, str]:
        """What has become of the counterparts, by the record here; those that the window lacks are read by id."""
        asked = {one.id: each for one in odd if (each := self._counterpart(one))}
        missing = [each for each in asked.values() if each not in days]
        reader = self.session.systems[self.flow.target].reader
        read = await reader.read(self.kind, missing) if missing else {}
        return {one: "there" if each in days else _state(read.get(each)) for one, each in asked.items()}

    async def _twins(self, here: Sequence[Sighting], unlinked: Sequence[Sighting]) -> dict[str, str]:
        """The unlinked records that repeat a linked one of their own system: by our key, or by time and text."""
        by_key = self.session.ledger.links_by_key([one.key for one in unlinked if one.key])
        twins = {
            one.id: each
            for one in unlinked
            if one.key in by_key and (each := by_key[one.key].sides[self.flow.source].record_id) not in {None, one.id}
        }
        linked = {one.at: one.id for one in here if one.id in self.links}
        alike = {one.id: linked[one.at] for one in unlinked if one.id not in twins and one.at in linked}
        if alike:
            reader = self.session.systems[self.flow.source].reader
            read = await reader.read(self.kind, sorted({*alike, *alike.values()}))
            words = {one: self._words(record) for one, record in read.items() if not record.gone}
            twins |= {
                one: other for one, other in alike.items() if words.get(one) and words.get(one) == words.get(other)
            }
        return {one: str(other) for one, other in twins.items()}

    def _words(self, record: SourceRecord) -> frozenset[str]:
        """The words of its subject and body; none of a record that breaks its own system's contract."""
        try:
            fields = self.session.systems[self.flow.source].translator.decode(self.kind, record).fields
        except InvalidRecord:
            return frozenset()
        return words_of(
            *(value for value in (fields.get("subject"), fields.get("body")) if isinstance(value, str | RichText))
        )


def _state(record: SourceRecord | None) -> str:
    if record is None:
        return "unseen"
    return "gone" if record.gone else "there"


def _joined(*parts: str) -> str:
    return ": ".join(part for part in parts if part)
