"""Files that are carried from one system's activity to its counterpart: announced first, so that none is made twice.

Ids, states and codes; never a name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.engine import chunks, insert_or
from activity_sync.ledger.schema import carried_files, link_sides
from activity_sync.rules.files import REMOVED, TOO_LARGE, FileState


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """One file of one link. `attempts`: how often it was claimed, which also guards its next change.

    `next_try`: when to try again unasked; None where only a new look at the activity may.
    """

    link_id: int
    source_system: str
    file_id: str
    state: FileState
    target_file: str = ""
    code: str = ""
    correlation_id: str = ""
    attempts: int = 0
    since: datetime | None = None
    next_try: datetime | None = None


def announce(connection: Connection, system: str, wanted: Collection[tuple[int, str]], *, now: datetime) -> None:
    """Each link and file has a row: a new one is pending and due at once."""
    for link_id, file_id in wanted:
        statement = insert_or(connection, carried_files).values(
            link_id=link_id,
            source_system=system,
            file_id=file_id,
            state=FileState.PENDING.value,
            target_file="",
            code="",
            correlation_id="",
            attempts=0,
            since=now,
            next_try=now,
        )
        connection.execute(statement.on_conflict_do_nothing())


def of_links(
    connection: Connection, link_ids: Collection[int], system: str | None = None
) -> dict[tuple[int, str], CarriedFile]:
    """By link and file, the files of these links that come from `system`, or from either."""
    found: dict[tuple[int, str], CarriedFile] = {}
    for some in chunks(set(link_ids)):
        wanted = select(carried_files).where(carried_files.c.link_id.in_(some))
        if system is not None:
            wanted = wanted.where(carried_files.c.source_system == system)
        found |= {(row.link_id, row.file_id): _row(row) for row in connection.execute(wanted)}
    return found


def claim(connection: Connection, seen: CarriedFile, *, now: datetime) -> CarriedFile | None:
    """The file, which is this caller's to carry now and due until it is settled; None where another run was faster."""
    claimed = replace(seen, attempts=seen.attempts + 1, next_try=now)
    return claimed if _change(connection, seen, attempts=claimed.attempts, next_try=now) else None


def settle(connection: Connection, seen: CarriedFile, became: CarriedFile) -> bool:
    """The file is what became of it; False where another run has claimed it since."""
    return _change(
        connection,
        seen,
        state=became.state.value,
        target_file=became.target_file,
        code=became.code[:80],
        correlation_id=became.correlation_id[:80],
        next_try=became.next_try,
    )


def retry(connection: Connection, seen: CarriedFile, *, now: datetime) -> CarriedFile:
    """The file as it is now that it is due, unless a run has taken it up since. One that was dismissed has failed.

    One that is too large is not due: it is carried once the limit is raised and its activity is read.
    """
    state = FileState.FAILED if seen.state is FileState.DISMISSED else seen.state
    next_try = None if seen.code == TOO_LARGE else now
    _change(connection, seen, state=state.value, next_try=next_try)
    return replace(seen, state=state, next_try=next_try)


def dismiss(connection: Connection, seen: CarriedFile) -> CarriedFile:
    """The file as it is now that nobody wants to hear of it, unless a run has taken it up since."""
    _change(connection, seen, state=FileState.DISMISSED.value, next_try=None)
    return replace(seen, state=FileState.DISMISSED, next_try=None)


def due(connection: Connection, system: str, activity_type: ActivityType, now: datetime) -> list[str]:
    """The ids of the system's activities of which a file is to be carried by now, sorted; living links alone."""
    statement = (
        select(link_sides.c.record_id)
        .join(carried_files, carried_files.c.link_id == link_sides.c.link_id)
        .where(
            *_of_living(system, activity_type),
            carried_files.c.next_try <= now,
        )
        .distinct()
    )
    return sorted(one for one in connection.execute(statement).scalars() if one)


def made_on(
    connection: Connection, system: str, activity_type: ActivityType, record_ids: Collection[str]
) -> dict[str, set[str]]:
    """By record of the system, the files that we have put on it, as far as they are known."""
    found: dict[str, set[str]] = {}
    for some in chunks(set(record_ids)):
        statement = (
            select(link_sides.c.record_id, carried_files.c.target_file)
            .join(carried_files, carried_files.c.link_id == link_sides.c.link_id)
            .where(
                link_sides.c.system == system,
                link_sides.c.activity_type == activity_type.value,
                link_sides.c.record_id.in_(some),
                carried_files.c.source_system != system,
                carried_files.c.target_file != "",
            )
        )
        for record_id, file_id in connection.execute(statement).tuples():
            found.setdefault(record_id, set()).add(file_id)
    return found


def failed(
    connection: Connection, system: str, activity_type: ActivityType, *, dismissed: bool
) -> list[tuple[str, CarriedFile]]:
    """The files of the system's activities of a type that could not be carried, each with its activity's id.

    Not those that were taken away before it came to that; those that were dismissed only where asked for.
    """
    ended = {FileState.DONE, FileState.DISMISSED}
    states = {FileState.FAILED, FileState.DISMISSED} if dismissed else {FileState.FAILED}
    statement = (
        select(carried_files, link_sides.c.record_id)
        .join(link_sides, carried_files.c.link_id == link_sides.c.link_id)
        .where(
            *_of_living(system, activity_type),
            carried_files.c.code != REMOVED,
            or_(
                carried_files.c.state.in_(states),
                and_(carried_files.c.state.not_in(ended), carried_files.c.code != ""),
            ),
        )
        .order_by(carried_files.c.since, link_sides.c.record_id, carried_files.c.file_id)
    )
    return [(row.record_id or "", _row(row)) for row in connection.execute(statement)]


def _row(row: Row[Any]) -> CarriedFile:
    return CarriedFile(
        link_id=row.link_id,
        source_system=row.source_system,
        file_id=row.file_id,
        state=FileState(row.state),
        target_file=row.target_file,
        code=row.code,
        correlation_id=row.correlation_id,
        attempts=row.attempts,
        since=row.since,
        next_try=row.next_try,
    )


def _of_living(system: str, activity_type: ActivityType) -> tuple[ColumnElement[bool], ...]:
    """Of a join with the sides of links: files of the system's own activities whose links are living."""
    return (
        link_sides.c.system == system,
        link_sides.c.activity_type == activity_type.value,
        link_sides.c.living,
        carried_files.c.source_system == system,
    )


def _change(connection: Connection, seen: CarriedFile, **values: Any) -> bool:
    """Whether the file was still as seen, and has these values now."""
    return connection.execute(update(carried_files).where(_unmoved(seen)).values(**values)).rowcount == 1


def _unmoved(seen: CarriedFile) -> ColumnElement[bool]:
    table = carried_files.c
    return and_(
        table.link_id == seen.link_id,
        table.source_system == seen.source_system,
        table.file_id == seen.file_id,
        table.attempts == seen.attempts,
    )
