"""Whose ledger this is: the accounts it was begun with, and the mapping it was last used with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import LedgerUnusable
from activity_sync.ledger.engine import insert_or
from activity_sync.ledger.schema import meta

_ACCOUNT = "account:"
_KEY = "key"
_MAPPING = "mapping:"
_UNREAD = "keys_unread:"
_FED = "associations_fed:"


def confirm(connection: Connection, accounts: Mapping[str, str]) -> None:
    """The ledger belongs to these accounts (system name to account id). LedgerUnusable when it has others.

    A ledger that is begun with them does not know yet whether the systems hold copies that an earlier one knew.
    """
    if not known(connection):
        for activity_type in ActivityType:
            _keep(connection, _UNREAD + activity_type, "")
    for system, account in sorted(accounts.items()):
        first = _keep(connection, _ACCOUNT + system, account)
        if first != account:
            raise LedgerUnusable(
                f"This ledger belongs to the {system} account {first}, but the credentials open {account}. "
                f"Use the credentials of {first}, or another ledger (ACTIVITY_SYNC_HOME or "
                "ACTIVITY_SYNC_LEDGER_URL) for the other account.",
                system=system,
                setting="ACTIVITY_SYNC_LEDGER_URL",
            )


def key_mark(connection: Connection) -> str | None:
    """The mark of the key that the ledger was begun with; None before the first run."""
    return connection.scalar(select(meta.c.value).where(meta.c.name == _KEY))


def begin_key(connection: Connection, mark: str) -> str:
    """The mark of the key that the ledger was begun with, be it this moment."""
    return _keep(connection, _KEY, mark)


def confirm_key(begun_with: str, mark: str) -> None:
    """Both marks are of one key. LedgerUnusable when they are not."""
    if begun_with != mark:
        raise LedgerUnusable(
            "The fingerprints of this ledger were made with another key, under which every record would look changed. "
            "Set ACTIVITY_SYNC_KEY to the key that it was begun with: on every host to the same one, or the content of "
            "the file `key` in the home of the first. If that key is lost, move the ledger aside and run "
            "`activity-sync ledger rebuild`.",
            setting="ACTIVITY_SYNC_KEY",
        )


def known(connection: Connection) -> dict[str, str]:
    """The accounts, by system; empty before the first run."""
    rows = connection.execute(select(meta).where(meta.c.name.startswith(_ACCOUNT, autoescape=True)))
    return {row.name.removeprefix(_ACCOUNT): row.value for row in rows}


def keys_unread(connection: Connection, activity_type: ActivityType) -> bool:
    """Whether nobody has looked yet for keys that an earlier ledger left in the systems."""
    return connection.scalar(select(meta.c.name).where(meta.c.name == _UNREAD + activity_type)) is not None


def note_keys_read(connection: Connection, activity_type: ActivityType) -> None:
    """What keys there were are in the ledger now."""
    connection.execute(delete(meta).where(meta.c.name == _UNREAD + activity_type))


def mapping_revision(connection: Connection, scope: str) -> str | None:
    """The mapping's revision last stored for `scope`; None before the first."""
    return connection.scalar(select(meta.c.value).where(meta.c.name == _MAPPING + scope))


def store_mapping_revision(connection: Connection, scope: str, revision: str) -> None:
    """`revision` is the one that `mapping_revision` gives."""
    statement = insert_or(connection, meta).values(name=_MAPPING + scope, value=revision)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
    )


def _keep(connection: Connection, name: str, value: str) -> str:
    """The value of `name`: the one that was there first."""
    connection.execute(insert_or(connection, meta).values(name=name, value=value).on_conflict_do_nothing())
    return str(connection.scalar(select(meta.c.value).where(meta.c.name == name)))


def fed_at(connection: Connection, flow: str, activity_type: ActivityType) -> datetime | None:
    """When associations were last compared for the flow and type; None before the first time."""
    told = connection.scalar(select(meta.c.value).where(meta.c.name == f"{_FED}{flow}/{activity_type}"))
    return None if told is None else datetime.fromisoformat(told)


def note_fed(connection: Connection, flow: str, activity_type: ActivityType, at: datetime) -> None:
    """Associations have been compared."""
    name = f"{_FED}{flow}/{activity_type}"
    connection.execute(delete(meta).where(meta.c.name == name))
    connection.execute(meta.insert().values(name=name, value=at.isoformat()))
