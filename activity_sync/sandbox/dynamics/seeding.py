"""Loading records as they shall stand, outside the rules of writing.

A seed is `{"schema": {...}, "records": {TABLE: [ROW, ...]}}`; TABLE is a logical or a set name. A ROW is a Web API
body that may also set what the server alone writes (`createdon`, `modifiedon`, `statecode`, `statuscode`, `senton`,
`createdby` ...). Lookups are `name@odata.bind` with a navigation property, or the lookup column itself as
`{"type": "contact", "id": "..."}`. Parties stand under `parties` or under `<type>_activity_parties`, each a party
body; `party: {"type", "id"}` may replace its bind, and the party's record must be there; other targets need not exist.
What a new row leaves out is filled as on a create. A row whose id exists is changed by it, as a person would.
`"deleted": {TABLE: [ID]}` deletes, with all that hangs on the rows.

`schema` is `{"columns": {TABLE: [{"name", "type", "max_length", "options"}]}, "keys": {TABLE: [[COLUMN]]}}`. A document
with the content of both systems has all this under `dynamics`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.derived import derived_columns, email_addresses
from activity_sync.sandbox.dynamics.errors import DataverseError
from activity_sync.sandbox.dynamics.identity import APPLICATION_USER_ID
from activity_sync.sandbox.dynamics.keys import resolve_address, table_of_set
from activity_sync.sandbox.dynamics.parties import party_rows
from activity_sync.sandbox.dynamics.schema import Column, Reference, Table
from activity_sync.sandbox.dynamics.values import stored_value

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
_BIND = "@odata.bind"


def load_seed(store: "Store", seed: Mapping[str, Any]) -> dict[str, int]:
    """Loads a seed and returns the number of rows by table. Raises ValueError for what cannot be stored."""
    seed = seed.get("dynamics", seed)
    unknown = set(seed) - {"schema", "records", "deleted"}
    if unknown:
        raise ValueError(f"A Dynamics seed has no {', '.join(sorted(unknown))}.")
    schema = seed.get("schema", {})
    for name, columns in schema.get("columns", {}).items():
        store.add_columns(_table(store, name).name, tuple(custom_column(given) for given in columns))
    for name, keys in schema.get("keys", {}).items():
        for key in keys:
            store.add_key(_table(store, name).name, tuple(key))
    counts: dict[str, int] = {}
    for name, rows in seed.get("records", {}).items():
        table = _table(store, name)
        for given in rows:
            try:
                _load_row(store, table, given)
            except DataverseError as wrong:
                raise ValueError(f"{table.name}: {wrong.message}: {given!r}") from wrong
        counts[table.name] = counts.get(table.name, 0) + len(rows)
    for name, ids in seed.get("deleted", {}).items():
        for row_id in ids:
            _delete(store, _table(store, name), row_id)
    return counts


def custom_column(given: Mapping[str, Any]) -> Column:
    """A custom column from its seed form; `type` is a kind of `schema.Kind`, text of 100 when left out."""
    kind = given.get("type", "string")
    return Column(
        name=given["name"],
        kind=kind,
        max_length=given.get("max_length", {"string": 100, "memo": 2000}.get(kind)),
        options=tuple((int(value), str(label)) for value, label in given.get("options", ())),
        custom=True,
    )


def _table(store: "Store", name: str) -> Table:
    try:
        return store.tables.get(name) or table_of_set(store, name)
    except DataverseError as wrong:
        raise ValueError(f"There is no table {name}.") from wrong


def _load_row(store: "Store", table: Table, given: Mapping[str, Any]) -> None:
    explicit: Row = {}
    parties: list[Mapping[str, Any]] | None = None
    for name, value in given.items():
        if table.is_activity and name in ("parties", table.party_property):
            parties = value
        elif name.endswith(_BIND):
            column, _ = table.by_bind[name.removesuffix(_BIND)]
            explicit[column.name] = resolve_address(store, value)
        elif not name.startswith("@"):
            explicit[name] = _loaded(table, name, value)
    now = store.now()
    present = store.get(table.name, explicit.get(table.key, ""))
    if present is None:
        row: Row = {column.name: column.default for column in table.columns.values()} | explicit
        row[table.key] = row.get(table.key) or store.new_id()
        row["createdon"] = row.get("createdon") or row.get("modifiedon") or now
        row["modifiedon"] = row.get("modifiedon") or row["createdon"]
    else:
        row = present | {"modifiedon": now} | explicit
    caller = Reference("systemuser", APPLICATION_USER_ID)
    for name in ("createdby", "modifiedby"):
        row[name] = row.get(name) or caller
    if "ownerid" in table.columns:
        lookup = table.columns["ownerid"].kind == "lookup"
        row["ownerid"] = (row.get("ownerid") or caller) if lookup else row[table.key]
    if table.states and "statuscode" not in explicit and (present is None or "statecode" in explicit):
        state = table.state(row["statecode"]) or table.states[0]
        row["statuscode"] = state.reasons[0][0]
    derived = derived_columns(store, table, row)
    row |= {name: value for name, value in derived.items() if name not in explicit}
    if table.is_activity and (present is None or parties is not None):
        _load_parties(store, table, row, parties or [])
        if table.name == "email":
            addresses = email_addresses(store.parties[row[table.key]])
            row |= {name: value for name, value in addresses.items() if name not in explicit}
    store.put(table.name, row)


def _delete(store: "Store", table: Table, row_id: str) -> None:
    """Deletes a row and what hangs on it. Raises ValueError for a row that is not there."""
    if store.get(table.name, row_id) is None:
        raise ValueError(f"There is no {table.name} {row_id} to delete.")
    for hanging_table, hanging_id in sorted(store.hanging.get(Reference(table.name, row_id), ())):
        _delete(store, store.tables[hanging_table], hanging_id)
    store.remove(table.name, row_id, reported=False)


def _load_parties(store: "Store", table: Table, row: Row, parties: list[Mapping[str, Any]]) -> None:
    bodies = []
    for party in parties:
        named = party.get("party")
        body = {name: value for name, value in party.items() if name != "party"}
        if named is not None:
            set_name = store.tables[named["type"]].set_name
            body[f"partyid_{named['type']}{_BIND}"] = f"/{set_name}({named['id']})"
        bodies.append(body)
    store.put_parties(row[table.key], party_rows(store, table, bodies, activity=row))


def _loaded(table: Table, name: str, value: Any) -> Any:
    column = table.columns.get(name) or table.by_wire.get(name)
    if column is None:
        raise ValueError(f"The table {table.name} has no column {name}.")
    if column.kind != "lookup":
        return stored_value(column, value, table)
    if value is None:
        return None
    return Reference(value["type"], value["id"].lower())
