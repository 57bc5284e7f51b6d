"""What people decided about held records: kept until a run has acted on it, or for good where they part two records."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.engine import chunks, insert_or
from activity_sync.ledger.rows import LinkRow
from activity_sync.ledger.schema import choices
from activity_sync.rules.chosen import Decision as Decision  # noqa: PLC0414  # a part of `Choice`


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision about one record of `system`, seen from the flow whose source that is."""

    system: str
    activity_type: ActivityType
    record_id: str
    decision: Decision
    made_at: datetime
    other_id: str = ""


def apart(link: LinkRow, now: datetime) -> list[Choice]:
    """That the two records of a link are not the same, said of either."""
    ids = {system: str(side.record_id) for system, side in link.sides.items()}
    return [
        Choice(system, link.activity_type, record_id, Decision.APART, now, other_id=other)
        for system, record_id in ids.items()
        for there, other in ids.items()
        if there != system
    ]


def store(connection: Connection, made: Sequence[Choice]) -> None:
    """Each is the record's one choice; it replaces an earlier one."""
    for one in made:
        key = {"system": one.system, "activity_type": one.activity_type.value, "record_id": one.record_id}
        values = {"decision": one.decision.value, "other_id": one.other_id, "made_at": one.made_at}
        statement = insert_or(connection, choices).values(**key, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def of_type(connection: Connection, system: str, activity_type: ActivityType) -> dict[str, Choice]:
    """All choices about the system's records of this type, by record id."""
    rows = select(choices).where(choices.c.system == system, choices.c.activity_type == activity_type.value)
    return {
        row.record_id: Choice(
            system, activity_type, row.record_id, Decision(row.decision), row.made_at, other_id=row.other_id
        )
        for row in connection.execute(rows.order_by(choices.c.record_id))
    }


def forget(connection: Connection, system: str, activity_type: ActivityType, record_ids: Collection[str]) -> None:
    """These records have no choice any more, but for those that are kept apart."""
    for some in chunks(set(record_ids)):
        connection.execute(
            delete(choices).where(
                choices.c.system == system,
                choices.c.activity_type == activity_type.value,
                choices.c.record_id.in_(some),
                choices.c.decision != Decision.APART.value,
            )
        )
