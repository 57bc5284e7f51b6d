"""What a filter asks of an activity, and which of those that it kept back it may let through now.

Every record that was read is judged here and counted, so that the balance and `reconcile` tell of each: the source's
query selects nothing but the records that activities hang on, where they changed. docs/filters.md says why.
"""

from __future__ import annotations

from datetime import timedelta

from activity_sync.activities.activity import Activity
from activity_sync.activities.kinds import RecordKind
from activity_sync.errors import ConfigurationError
from activity_sync.ledger.outstanding import OutstandingState
from activity_sync.pipeline.rows import Extracted, Resolved
from activity_sync.pipeline.scope import Mode, Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.conditions import OWN, Condition, Facts, asked_of_one, holds, records_in, unmet
from activity_sync.systems.system import Translator

FILTER_CASE = 32


def filtered_by(
    condition: Condition | None, activity: Activity, extracted: Extracted, resolved: Resolved, translator: Translator
) -> str:
    """What of the condition the activity does not pass, as a reason; empty where it passes, or there is none."""
    if condition is None:
        return ""
    facts = Facts(
        fields=activity.fields,
        properties=translator.properties(extracted.record),
        records={
            kind.value: [ref.properties for ref in resolved.refs if ref.kind == kind.value] for kind in RecordKind
        },
    )
    return "" if holds(condition, facts) else f"filter: {unmet(condition, facts)}"


def asked_records(condition: Condition | None, resolved: Resolved) -> tuple[tuple[str, str], ...]:
    """The records, by kind and id, on whose properties the answer depends, each once."""
    kinds = records_in(condition).keys()
    return tuple(dict.fromkeys((ref.kind, ref.id) for ref in resolved.refs if ref.kind in kinds))


async def confirm_properties(session: Session, scope: Scope) -> None:
    """Every property that the filter names is one of the source's. ConfigurationError that names those that are not.

    What is not there reads as empty, or is refused as a whole.
    """
    kind = scope.activity_type.value
    own = f"{kind}."
    asked = records_in(session.configuration.condition(scope.flow, scope.activity_type))
    if not asked:
        return
    named_there = {kind if about == OWN else about: names for about, names in asked.items()}
    lacking = await session.source(scope).directory.lacking(named_there)
    if lacking:
        named = ", ".join(f"{OWN}.{one.removeprefix(own)}" if one.startswith(own) else one for one in lacking)
        raise ConfigurationError(
            f"{scope.flow.source} has no such property: {named}, which the filter of {scope.flow.name}.{kind} names; "
            "write it as the system itself calls it, not by its label",
            system=scope.flow.source,
            setting=f"flows.{scope.flow.name}.{kind}.filter",
        )


async def newly_matching(session: Session, scope: Scope) -> list[str]:
    """The source ids of filtered activities of which a record changed so that they may pass now, sorted.

    In incremental runs. One query for each kind of record that the filter speaks of, for those that changed since the
    watermark less the overlap; no call where it speaks of none, or keeps nothing back.
    """
    condition = session.configuration.condition(scope.flow, scope.activity_type)
    watermark = session.ledger.watermark(scope.flow.name, scope.activity_type)
    if condition is None or watermark is None or scope.mode is not Mode.INCREMENTAL:
        return []
    if (scope.flow.name, scope.activity_type, OutstandingState.FILTERED) not in session.ledger.count_outstanding():
        return []
    since = watermark - timedelta(seconds=session.configuration.limits.overlap_seconds)
    directory = session.source(scope).directory
    changed = {
        (kind, one)
        for kind in records_in(condition)
        if (part := asked_of_one(condition, kind)) is not None
        for one in await directory.matching(kind, part, since=since)
    }
    if not changed:
        return []
    rows = session.ledger.list_outstanding(
        OutstandingState.FILTERED, flow=scope.flow.name, activity_type=scope.activity_type
    )
    return sorted(row.source_id for row in rows if any((one.kind, one.id) in changed for one in row.waits_for))
