"""Telling a linked record what its counterpart is: `tracking.write_back`, and nothing else.

Whoever reads a record sees what it says already, so a run that was stopped in between, or the setting switched on
later, needs no list of what is still to be done: the next run that reads the record writes what is missing. The write
counts as an edit in both systems, is read once more as one, and then nothing is left to write.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from activity_sync.errors import RetriableError
from activity_sync.ledger.rows import LinkRow, LinkState
from activity_sync.pipeline.mask import mask
from activity_sync.pipeline.rows import Proposal, Result
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import BackReference, WriteResult

_log = logging.getLogger(__name__)


async def refer_back(session: Session, scope: Scope, results: Sequence[Result]) -> Counter[str]:
    """The source records of these results say what their counterpart is; how many became what, by outcome.

    One whose version has moved on is left to the run that reads it next, and so is one that is refused: the log names
    it. No call where every record says so already. RetriableError where the source did not answer for some.
    """
    shown = {one.proposal.source_id: one.proposal for one in results if one.proposal.counterpart is not None}
    if not shown:
        return Counter()
    flow, kind = scope.flow, scope.activity_type
    wanted = _wanted(scope, shown, session.ledger.links(flow.source, kind, list(shown)))
    if not wanted:
        return Counter()
    url_of = session.target(scope).translator.url_of
    references = [
        BackReference(one, there, url_of(kind, there) if there else "", shown[one].source_version)
        for one, there in wanted.items()
    ]
    answers = await session.source(scope).writer.refer_back(kind, references)
    unanswered = []
    for one, answer in zip(references, answers, strict=False):  # no answers where there is no place for it
        if answer.outcome not in {"done", "stale"}:
            _warn(scope, one, answer)
        if _is_unanswered(answer):
            unanswered.append(one.record_id)
    if unanswered:
        raise RetriableError(
            f"{flow.source} could not be told what the counterpart of {len(unanswered)} {kind}s is ({unanswered[0]} "
            "...); everything else is written, and the next run goes on with this",
            system=flow.source,
        )
    return Counter(one.outcome for one in answers)


def _wanted(scope: Scope, shown: Mapping[str, Proposal], links: Mapping[str, LinkRow]) -> dict[str, str]:
    """By source id the counterpart that a record is to name and does not; "" where it names one that is no more."""
    wanted = {}
    for source_id, proposal in shown.items():
        row = links.get(source_id)
        if row is None or row.state is LinkState.PENDING:
            continue
        there = (row.sides[scope.flow.target].record_id or "") if row.state is LinkState.LINKED else ""
        if there != proposal.counterpart:
            wanted[source_id] = there
    return wanted


def _is_unanswered(answer: WriteResult) -> bool:
    """Whether it was the system that gave no answer, and not the record that is not to be written now."""
    silent = answer.status is None or answer.status == 429 or answer.status >= 500
    return answer.outcome in {"busy", "uncertain"} and silent


def _warn(scope: Scope, one: BackReference, answer: WriteResult) -> None:
    _log.warning(
        "system=%s event=write_back_%s type=%s id=%s status=%s code=%s message=%s",
        scope.flow.source,
        answer.outcome,
        scope.activity_type,
        one.record_id,
        answer.status,
        answer.code,
        mask(answer.message),
    )
