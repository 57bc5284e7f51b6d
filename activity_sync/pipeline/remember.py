"""What the ledger keeps of results that wrote nothing: moved bases, ended links, and the list of what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.ledger.rows import ElementChange, LinkChange, LinkRow, LinkState
from activity_sync.pipeline.elements import stored
from activity_sync.pipeline.ending import ENDING, ended, heard
from activity_sync.pipeline.filtering import FILTER_CASE
from activity_sync.pipeline.mapping_change import revision_of
from activity_sync.pipeline.mask import mask
from activity_sync.pipeline.rows import DISMISSED, Proposal, Result, prints
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.waiting_room import look_again_after, waits_for_records
from activity_sync.rules.values import LAST_ASSOCIATION, Missing

_OF_ENDED_LINKS = frozenset({8, 17, 18, 19, 20, 23, 24, 26})
"""Cases after which the link is ended, or was before."""

_OPEN = {
    "deferred": OutstandingState.DEFERRED,
    "held": OutstandingState.HELD,
    "failed": OutstandingState.FAILED,
}


def remember(session: Session, scope: Scope, results: Sequence[Result]) -> None:
    """Links hold what was agreed on; every open record is listed with its reason, every other one is off the list."""
    noted = [
        one.proposal.link_id
        for one in results
        if one.proposal.link_id is not None and (one.proposal.elements or one.proposal.case in _OF_ENDED_LINKS)
    ]
    rows = session.ledger.links_by_id(noted) if noted else {}
    changes = [
        change
        for one in results
        if (change := _change(session, scope, one, rows.get(one.proposal.link_id or 0))) is not None
    ]
    if changes:
        session.ledger.settle(changes, now=session.clock())
    flow, kind = scope.flow.name, scope.activity_type
    closed = [one.proposal.source_id for one in results if _state(one) is None and one.proposal.reason != DISMISSED]
    if closed:
        session.ledger.clear_outstanding(flow, kind, closed)
    mapping = revision_of(session, scope)
    open_rows = [
        replace(_open(scope, one, state, session.clock()), mapping=mapping)
        for one in results
        if (state := _state(one)) is not None
    ]
    if open_rows:
        session.ledger.record_outstanding(open_rows)


def confirm(session: Session, scope: Scope, found: Sequence[Proposal]) -> None:
    """Case 6: these creates had happened, and their links are made. What they link is then to be compared."""
    flow = scope.flow
    changes = [
        LinkChange(
            one.link_id,
            expect_revision=one.revision,
            state=LinkState.LINKED,
            record_ids={flow.target: one.target_id or ""},
            bases={flow.target: one.target_prints},
            unsettled={flow.target: frozenset(one.target_prints)},
            clear_plan=True,
            # A person said which record it is: nothing there carries our key.
            key="" if one.case == 9 else None,
        )
        for one in found
        if one.link_id is not None
    ]
    if changes:
        session.ledger.settle(changes, now=session.clock())


def _change(session: Session, scope: Scope, result: Result, row: LinkRow | None) -> LinkChange | None:
    """The link's change for a result that wrote to no CRM; None when nothing moves (case 11: no ledger write)."""
    proposal = result.proposal
    if proposal.link_id is None or result.outcome in {"created", "updated", "failed"}:
        return None
    if proposal.action in ENDING:
        # What was deleted in the target has been settled with the write itself.
        return None if row is None or proposal.body is not None else ended(session, scope, proposal, row)
    match proposal.action:
        case "skip" if row is not None and row.state is LinkState.TOMBSTONED:
            return heard(scope, proposal, row)
        case "skip" | "acknowledge" | "keeptarget":
            return _moved_bases(scope, proposal, row)
        case "hold" | "defer" if proposal.reason == LAST_ASSOCIATION:
            return _moved_bases(scope, proposal, row)  # the fields are in step
        case _:
            return None


def _moved_bases(scope: Scope, proposal: Proposal, row: LinkRow | None) -> LinkChange | None:
    flow, moves = scope.flow, proposal.moves
    version_moved = proposal.case == 27  # store the version only
    hold, remove = stored(row, flow, proposal.elements)
    if not (moves or version_moved or hold or remove):
        return None
    unsettled = {
        system: frozenset[str]()
        for system, side in ((flow.source, "source_settled"), (flow.target, "target_settled"))
        if moves.get(side)
    }
    bases = {
        system: prints(moves[side])
        for system, side in ((flow.source, "source"), (flow.target, "target"))
        if moves.get(side)
    }
    plan_settled = bool(moves.get("plan_settled"))
    return LinkChange(
        proposal.link_id or 0,
        # A plan that another run has made since is that run's to close.
        expect_revision=proposal.revision if plan_settled else None,
        bases=bases or None,
        unsettled=unsettled or None,
        versions=_versions(scope, proposal),
        elements=ElementChange(tuple(hold), tuple(remove)) if hold or remove else None,
        clear_plan=plan_settled,
    )


def _versions(scope: Scope, proposal: Proposal) -> dict[str, str | None]:
    """What was read, of both sides where both were: whatever an index shows later, it is not older than that."""
    versions = {scope.flow.source: proposal.source_version}
    return versions if proposal.target_version is None else versions | {scope.flow.target: proposal.target_version}


def _state(result: Result) -> OutstandingState | None:
    """How the record is listed, if it is.

    Of filtered ones those are that may pass when another record changes, and linked ones, of which associations may
    wait that are not to be added meanwhile.
    """
    if result.outcome == "filtered":
        by_filter = result.proposal.case == FILTER_CASE
        listed = by_filter and (result.proposal.waits_for or result.proposal.link_id is not None)
        return OutstandingState.FILTERED if listed else None
    return _OPEN.get(result.outcome)


def _open(scope: Scope, result: Result, state: OutstandingState, now: datetime) -> Outstanding:
    proposal = result.proposal
    row = Outstanding(
        flow=scope.flow.name,
        activity_type=scope.activity_type,
        source_id=proposal.source_id,
        state=state,
        case=proposal.case,
        rule=proposal.rule,
        reason=mask(result.reason or proposal.reason),
        waits_for=tuple(Missing(one["system"], one["kind"], one["id"]) for one in proposal.waits_for),
        code=result.code,
        message=mask(result.message),
        correlation_id=result.correlation_id,
        transient=is_transient(result),
        since=now,
        last_seen=now,
        attempts=1,
        next_try=now if is_transient(result) else None,  # due at once
        source_version=proposal.source_version,
        candidates=tuple(proposal.discarded.get("candidates", ())) if result.outcome == "held" else (),
        hangs_on=proposal.hangs_on,
    )
    # It is released when its records say so; until then a rare look is enough.
    return replace(row, next_try=now + look_again_after(row.source_id)) if waits_for_records(row) else row


def is_transient(result: Result) -> bool:
    """Whether a later run may succeed without anybody changing the record: it waits, or the API said "later"."""
    return result.outcome == "deferred" or (result.outcome == "failed" and result.detail == "transient")
