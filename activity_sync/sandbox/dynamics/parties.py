"""Activity parties: who may stand in which role, and the rows that the server adds by itself.

Roles and target tables: the activity party page and the tables' reference pages (facts, section 2.4).
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.errors import (
    DataverseError,
    undeclared_annotation,
    unknown_property,
    wrong_literal,
)
from activity_sync.sandbox.dynamics.payload import BIND, bound_row
from activity_sync.sandbox.dynamics.schema import Reference, Table
from activity_sync.sandbox.dynamics.values import stored_value

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
SENDER, OWNER, REGARDING = 1, 9, 8
SERVER_ROLES = frozenset({REGARDING, OWNER})

_PEOPLE = frozenset({"account", "contact", "lead", "systemuser"})
_WIDE = _PEOPLE | {"queue"}
_ROLES: dict[str, dict[int, frozenset[str]]] = {
    "email": dict.fromkeys((1, 2, 3, 4, 13), _WIDE),
    "phonecall": dict.fromkeys((1, 2), _PEOPLE),
    "appointment": {5: _WIDE, 6: _WIDE, 7: frozenset({"systemuser"})},
    "letter": dict.fromkeys((1, 2, 3, 4), _PEOPLE),
    "task": {},
}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_ADDRESS_COLUMN: dict[str, tuple[str, int]] = {
    "account": ("emailaddress1", 35),
    "contact": ("emailaddress1", 42),
    "lead": ("emailaddress1", 42),
    "systemuser": ("internalemailaddress", 15),
    "queue": ("emailaddress", 15),
}


def party_rows(store: "Store", table: Table, given: Sequence[Mapping[str, Any]], *, activity: Row) -> list[Row]:
    """All party rows of an activity: the given ones, checked, and the server's owner and regarding rows.

    Rows of the server's own roles may be sent and have no effect. Raises DataverseError for a role, a kind of
    party, an address or a number of senders that the activity does not take.
    """
    rows = [row for party in given if (row := _given_party(store, table, party)) is not None]
    senders = sum(row["participationtypemask"] == SENDER for row in rows)
    if table.name == "email" and senders > 1:
        raise DataverseError(400, "0x80040b01", "The email must have only one sender.")
    return [_completed(store, row, activity) for row in rows] + server_rows(store, activity)


def server_rows(store: "Store", activity: Row) -> list[Row]:
    """The owner's and the regarding record's rows."""
    pairs = ((OWNER, activity.get("ownerid")), (REGARDING, activity.get("regardingobjectid")))
    return [
        _completed(store, {"participationtypemask": role, "partyid": party}, activity)
        for role, party in pairs
        if party is not None
    ]


def client_rows(parties: Sequence[Row]) -> list[Row]:
    """The rows that clients made."""
    return [row for row in parties if row["participationtypemask"] not in SERVER_ROLES]


def _given_party(store: "Store", activity_table: Table, party: Mapping[str, Any]) -> Row | None:
    row: Row = {}
    table = store.tables["activityparty"]
    for name, value in party.items():
        if name.startswith("@"):
            continue
        if name.endswith(BIND):
            navigation = name.removesuffix(BIND)
            if navigation not in table.by_bind or table.by_bind[navigation][0].name != "partyid":
                raise undeclared_annotation(activity_table.set_name, navigation)
            _, targets = table.by_bind[navigation]
            row["partyid"] = bound_row(store, activity_table, navigation, value, targets=targets)
            continue
        column = table.by_wire.get(name)
        if column is None or column.kind == "lookup":
            raise unknown_property(activity_table.set_name, "activityparty", name)
        if name == "participationtypemask":
            row[name] = _role(activity_table, value)
        elif column.create:
            row[name] = stored_value(column, value, table)
    role = row.get("participationtypemask")
    if role is None:
        raise DataverseError(400, "0x80043505", "The party's participation type is missing.")
    if role in SERVER_ROLES:
        return None
    _check_party(store, activity_table, role, row)
    return row


def _role(table: Table, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_literal(table.set_name, value, "Edm.Int32")
    if not 1 <= value <= 13:
        raise DataverseError(400, "0x80043505", f"{value} is not a valid participation type.")
    if value not in _ROLES[table.name] and value not in SERVER_ROLES:
        raise DataverseError(
            400, "0x80043506", f"The participation type {value} is not allowed on an activity of type {table.name}."
        )
    return value


def _check_party(store: "Store", table: Table, role: int, row: Row) -> None:
    party, address = row.get("partyid"), row.get("addressused")
    if address is not None and table.name == "email" and not _ADDRESS.fullmatch(address):
        raise DataverseError(400, "0x80043518", f"'{address}' is not a valid e-mail address.")
    if party is None:
        allowed = table.name == "email" or store.controls.settings.dynamics_unresolved_parties
        if address is None or not allowed:
            raise DataverseError(400, "0x80043504", "The party's id or type is missing.")
    elif party.table not in _ROLES[table.name][role]:
        raise DataverseError(
            400,
            "0x80043506",
            f"A party of type {party.table} is not allowed in the role {role} of an activity of type {table.name}.",
        )


def _completed(store: "Store", row: Row, activity: Row) -> Row:
    """The row with its id, version and what the server derives from the party's record."""
    party: Reference | None = row.get("partyid")
    derived: Row = {
        "activitypartyid": store.new_id(),
        "versionnumber": store.next_version(),
        "activityid": Reference("activitypointer", activity["activityid"]),
        "ownerid": activity.get("ownerid"),
        "instancetypecode": 0,
        "ispartydeleted": False,
        "donotemail": False,
        "donotfax": False,
        "donotphone": False,
        "donotpostalmail": False,
        "scheduledstart": activity.get("scheduledstart"),
        "scheduledend": activity.get("scheduledend"),
    }
    if party is not None and party.table in _ADDRESS_COLUMN and row.get("addressused") is None:
        column, number = _ADDRESS_COLUMN[party.table]
        record = store.get(party.table, party.id) or {}
        if record.get(column) is not None:
            derived |= {"addressused": record[column], "addressusedemailcolumnnumber": number}
    return row | derived
