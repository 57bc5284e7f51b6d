"""Where an incremental run looks for records that are gone from the source, and how often that is worth its calls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from activity_sync.pipeline.safeguard import guard_listing
from activity_sync.pipeline.scope import Mode, Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import SourceRecord

_PER_CALL = timedelta(seconds=6)
"""A look of one call is taken in every run. One of N calls, a long recycling bin say, at most every N times this: no
type spends more than ten calls a minute on it."""


@dataclass(frozen=True, slots=True)
class Look:
    """When deletions were last looked for, what that cost, and from where the source goes on (in its own terms)."""

    cursor: str
    calls: int
    at: datetime

    def to_text(self) -> str:
        """The form in which the ledger keeps it."""
        return json.dumps({"cursor": self.cursor, "calls": self.calls, "at": self.at.isoformat()})

    @classmethod
    def from_text(cls, text: str) -> Look:
        """The inverse of `to_text`."""
        held = json.loads(text)
        return cls(held["cursor"], held["calls"], datetime.fromisoformat(held["at"]))

    def is_fresh(self, now: datetime) -> bool:
        """Whether it is too early to spend as many calls again."""
        return self.calls > 1 and self.at <= now < self.at + self.calls * _PER_CALL


async def deleted(session: Session, scope: Scope) -> tuple[list[SourceRecord], str | None]:
    """The linked records that are gone from the source, and what to remember of the look; only in incremental runs.

    What a listing lacks is read by its id first: not seeing is not absence. A flow's first pass has nothing to miss.
    """
    flow, kind = scope.flow, scope.activity_type
    if scope.mode is not Mode.INCREMENTAL or session.ledger.watermark(flow.name, kind) is None:
        return [], None
    text = session.ledger.deletion_cursor(flow.name, kind)
    before = Look.from_text(text) if text is not None else None
    if (before is not None and before.is_fresh(session.clock())) or not session.ledger.is_linked(flow.source, kind):
        return [], None
    source = session.source(scope)
    started, calls = session.clock(), source.calls
    found = await source.reader.deletions(
        kind,
        cursor=before.cursor if before is not None else None,
        linked=lambda: session.ledger.linked_ids(flow.source, kind),
    )
    look = Look(found.cursor, source.calls - calls, started)
    suspects = sorted(found.suspects)
    read = await source.reader.read(kind, suspects) if suspects else {}
    gone = [record for record in read.values() if record.gone]
    if len(gone) < len(suspects):
        # An empty listing whose records the API does not itself call deleted says more about our rights than of them.
        guard_listing(session, scope, found.listed)
    return gone, look.to_text()
