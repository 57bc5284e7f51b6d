"""What the organisation holds: rows, parties, versions, tombstones; with transactions.

Rows are replaced, never changed in place, so a reader's page and a transaction's undo list stay true.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from activity_sync.sandbox.controls import Controls
from activity_sync.sandbox.dynamics.identity import (
    APPLICATION_USER_ID,
    BUSINESS_UNIT_ID,
    ORGANIZATION_ID,
    TEAM_ID,
    fixed_id,
)
from activity_sync.sandbox.dynamics.keys import key_of
from activity_sync.sandbox.dynamics.schema import Column, Reference, Table
from activity_sync.sandbox.dynamics.seeding import load_seed
from activity_sync.sandbox.dynamics.states import DELIVERY_REASONS
from activity_sync.sandbox.dynamics.tables import ACTIVITY_NAMES, installed_tables
from activity_sync.sandbox.dynamics.values import shown_moment

BLOCKED = "ade;adp;app;asa;ashx;asmx;asp;bas;bat;cmd;com;dll;exe;hta;jar;js;jse;msi;ps1;reg;scr;vb;vbe;vbs;wsf;wsh"
"""Of the types of files that an organization blocks from its first day, the best known."""

Row = dict[str, Any]
WriteAction = Literal["create", "update", "delete"]


class Store:
    """All rows by table and id. `parties` holds each activity's party rows, `deleted` the tombstones' versions."""

    def __init__(self, controls: Controls) -> None:
        self.controls = controls
        self._undo: list[Callable[[], None]] | None = None
        self._written: list[tuple[str, WriteAction, str]] = []
        self._tables: tuple[tuple[str, ...], dict[str, Table]] | None = None
        self.reset()

    def reset(self) -> None:
        """Back to an organisation of the first day: itself, a business unit's team, the application user."""
        self.rows: dict[str, dict[str, Row]] = {}
        self.parties: dict[str, list[Row]] = {}
        self.deleted: dict[str, dict[str, int]] = {}
        self.activity_table: dict[str, str] = {}
        self.hanging: dict[Reference, set[tuple[str, str]]] = {}
        self.sent: dict[str, int] = {}
        self.version = 1_000_000
        self.key_index: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], set[str]]] = {}
        self._added: dict[str, tuple[Column, ...]] = {}
        self._keys: dict[str, tuple[tuple[str, ...], ...]] = {}
        self._tables = None
        self._first_day()

    @property
    def tables(self) -> dict[str, Table]:
        """The installed tables by logical name, custom columns and keys included."""
        token = self.controls.settings.dynamics_tables
        if self._tables is None or self._tables[0] != token:
            tables = installed_tables(self.controls.settings.dynamics_tables)
            for name, columns in self._added.items():
                if name in tables:
                    tables[name] = tables[name].with_columns(columns)
            for name, keys in self._keys.items():
                for key in keys:
                    if name in tables:
                        tables[name] = tables[name].with_key(key)
            self._tables = (token, tables)
        return self._tables[1]

    def add_columns(self, table: str, columns: tuple[Column, ...]) -> None:
        """Adds custom columns to a table."""
        self._added = self._added | {table: (*self._added.get(table, ()), *columns)}
        self._tables = None

    def add_key(self, table: str, columns: tuple[str, ...]) -> None:
        """Defines an alternate key."""
        self._keys = self._keys | {table: (*self._keys.get(table, ()), columns)}
        self._tables = None
        for row_id, row in self.rows.get(table, {}).items():
            self._index_keys(table, row_id, None, row)

    def get(self, table: str, row_id: str) -> Row | None:
        """The row, or None."""
        return self.rows.get(table, {}).get(row_id)

    def exists(self, reference: Reference) -> bool:
        """Whether the referenced row is there."""
        return self.get(reference.table, reference.id) is not None

    def all_rows(self, table: str) -> list[Row]:
        """Every row of a table; for `activityparty` those of all activities."""
        if table == "activityparty":
            return [party for parties in self.parties.values() for party in parties]
        return list(self.rows.get(table, {}).values())

    def now(self) -> str:
        """The present as rows carry it."""
        return shown_moment(self.controls.clock.now())

    def next_version(self) -> int:
        """The next number of the database-wide counter behind etags."""
        self.version += 1
        return self.version

    def new_id(self) -> str:
        """A server-made id."""
        return str(uuid.UUID(int=self.controls.random.getrandbits(128), version=4))

    def put(self, table: str, row: Row, *, action: WriteAction | None = None) -> Row:
        """Stores the row under a new version and returns it. `action` reports it to the request log."""
        stored = row | {"versionnumber": self.next_version()}
        row_id = stored[self.tables[table].key]
        held = self.rows.setdefault(table, {})
        before = held.get(row_id)
        tombstone = self.deleted.setdefault(table, {}).pop(row_id, None)
        held[row_id] = stored
        self._index(table, row_id, before, stored)
        self._on_undo(lambda: self._restore(table, row_id, before, tombstone))
        if table == "email" and stored.get("statuscode") in DELIVERY_REASONS:
            self.sent.setdefault(row_id, stored["statuscode"])
        if action is not None:
            self._report(table, action, row_id)
        return stored

    def remove(self, table: str, row_id: str, *, reported: bool = True) -> None:
        """Deletes a row and its parties, leaving a tombstone. What hangs on it is the caller's care."""
        before = self.rows[table].pop(row_id)
        parties = self.parties.get(row_id)
        self.deleted.setdefault(table, {})[row_id] = self.next_version()
        self._index(table, row_id, before, None)
        self._on_undo(lambda: self._restore(table, row_id, before, None))
        if parties is not None:
            self.put_parties(row_id, None)
        if reported:
            self._report(table, "delete", row_id)

    def put_parties(self, activity_id: str, parties: list[Row] | None) -> None:
        """Replaces an activity's party rows."""
        before = self.parties.get(activity_id)
        self._set_parties(activity_id, parties)
        self._on_undo(lambda: self._set_parties(activity_id, before))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: an error inside puts everything back. Transactions nest by joining the outer one."""
        if self._undo is not None:
            yield
            return
        self._undo, self._written = [], []
        try:
            yield
        except BaseException:
            for step in reversed(self._undo):
                step()
            raise
        else:
            for table, action, row_id in self._written:
                self.controls.wrote(table, action, row_id)
        finally:
            self._undo, self._written = None, []

    def dump(self) -> dict[str, Any]:
        """Everything, JSON-ready: `rows` by table (activities with their `parties`), `deleted`, `sent_emails`."""
        rows = {
            table: [
                _plain(row)
                | ({"parties": [_plain(p) for p in self.parties.get(row_id, [])]} if table in ACTIVITY_NAMES else {})
                for row_id, row in held.items()
            ]
            for table, held in self.rows.items()
        }
        return {
            "rows": rows,
            "deleted": {table: sorted(ids) for table, ids in self.deleted.items() if ids},
            "sent_emails": sorted(self.sent),
            "version": self.version,
        }

    def load(self, seed: Mapping[str, Any]) -> dict[str, Any]:
        """Loads records as given; see `seeding`."""
        with self.transaction():
            return load_seed(self, seed)

    def _first_day(self) -> None:
        now = self.now()
        base = {"createdon": now, "modifiedon": now}
        unit = Reference("businessunit", BUSINESS_UNIT_ID)
        settings = self.controls.settings
        self.put(
            "organization",
            base
            | {
                "organizationid": ORGANIZATION_ID,
                "name": "sandbox",
                "expirechangetrackingindays": int(settings.dynamics_delta_days),
                "languagecode": 1033,
                "maxuploadfilesize": 5_242_880,
                "blockedattachments": BLOCKED,
            },
        )
        self.put(
            "team",
            base
            | {
                "teamid": TEAM_ID,
                "ownerid": TEAM_ID,
                "name": "sandbox",
                "teamtype": 0,
                "isdefault": True,
                "businessunitid": unit,
            },
        )
        self.put(
            "systemuser",
            base
            | {
                "systemuserid": APPLICATION_USER_ID,
                "ownerid": APPLICATION_USER_ID,
                "fullname": "# Activity Sync",
                "firstname": "#",
                "lastname": "Activity Sync",
                "applicationid": fixed_id(settings.dynamics_client_id),
                "domainname": f"{settings.dynamics_client_id}@sandbox.example",
                "isdisabled": False,
                "accessmode": 4,
                "businessunitid": unit,
            },
        )

    def _index(self, table: str, row_id: str, before: Row | None, after: Row | None) -> None:
        if table in ACTIVITY_NAMES:
            if after is not None:
                self.activity_table[row_id] = table
            else:
                self.activity_table.pop(row_id, None)
        self._index_keys(table, row_id, before, after)
        for row, add in ((before, False), (after, True)):
            reference = None if row is None else row.get("regardingobjectid") or row.get("objectid")
            if reference is None:
                continue
            held = self.hanging.setdefault(reference, set())
            (held.add if add else held.discard)((table, row_id))

    def _index_keys(self, table: str, row_id: str, before: Row | None, after: Row | None) -> None:
        for key in self._keys.get(table, ()):
            held = self.key_index.setdefault((table, key), {})
            if before is not None:
                held.get(key_of(key, before), set()).discard(row_id)
            if after is not None:
                held.setdefault(key_of(key, after), set()).add(row_id)

    def _restore(self, table: str, row_id: str, before: Row | None, tombstone: int | None) -> None:
        current = self.rows[table].pop(row_id, None)
        if before is not None:
            self.rows[table][row_id] = before
        self._index(table, row_id, current, before)
        self.deleted.setdefault(table, {}).pop(row_id, None)
        if tombstone is not None:
            self.deleted[table][row_id] = tombstone
        if table == "email" and (before is None or before.get("statuscode") not in DELIVERY_REASONS):
            self.sent.pop(row_id, None)

    def _set_parties(self, activity_id: str, parties: list[Row] | None) -> None:
        if parties is None:
            self.parties.pop(activity_id, None)
        else:
            self.parties[activity_id] = parties

    def _on_undo(self, step: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(step)

    def _report(self, table: str, action: WriteAction, row_id: str) -> None:
        if self._undo is not None:
            self._written.append((table, action, row_id))
        else:
            self.controls.wrote(table, action, row_id)


def _plain(row: Row) -> Row:
    return {
        name: {"type": value.table, "id": value.id} if isinstance(value, Reference) else value
        for name, value in row.items()
    }
