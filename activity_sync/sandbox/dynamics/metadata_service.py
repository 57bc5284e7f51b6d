"""The metadata half of the Web API: `EntityDefinitions`, `$metadata`, and the making of columns and keys."""

import json
import re
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics import metadata
from activity_sync.sandbox.dynamics.calls import Answer, Call
from activity_sync.sandbox.dynamics.csdl import csdl
from activity_sync.sandbox.dynamics.customizing import create_column, create_key
from activity_sync.sandbox.dynamics.errors import DataverseError, bad_query, method_not_allowed, unknown_segment
from activity_sync.sandbox.dynamics.keys import key_values
from activity_sync.sandbox.dynamics.query import Query, parse_query, query_from
from activity_sync.sandbox.dynamics.schema import Table

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
_KEYED = re.compile(r"^(\w+)(?:\((.*)\))?$", re.DOTALL)
_CONDITION = re.compile(r"^\(*(\w+) eq (?:'([^']*)'|(true|false)|([0-9a-fA-F-]{36}))\)*$")
_CAST = "Microsoft.Dynamics.CRM."


def answer_metadata(store: "Store", call: Call, segments: list[str]) -> Answer:
    """Answers a metadata request. Raises DataverseError."""
    if segments == ["$metadata"]:
        return Answer(200, csdl(store), content_type="application/xml")
    if segments[0].startswith("RetrieveMetadataChanges"):
        return _changes(store, call)
    head = _KEYED.match(segments[0])
    if head is None or head.group(1) != "EntityDefinitions":
        raise unknown_segment(segments[0])
    query = parse_query(call.query)
    if head.group(2) is None:
        _only_get(call)
        found = _filtered([metadata.entity(store, table) for table in store.tables.values()], query.filter)
        return Answer(
            200,
            {
                "@odata.context": f"{call.root}/$metadata#EntityDefinitions",
                "value": [_shown(store, each, query) for each in found],
            },
        )
    table = _table(store, head.group(2))
    if segments[1:]:
        return _below(store, call, table, segments[1:], query)
    _only_get(call)
    shown = _shown(store, metadata.entity(store, table), query)
    return Answer(200, {"@odata.context": f"{call.root}/$metadata#EntityDefinitions/$entity", **shown})


def _below(store: "Store", call: Call, table: Table, rest: list[str], query: Query) -> Answer:
    match = _KEYED.match(rest[0])
    name, key = match.groups() if match else (rest[0], None)
    match name, call.method:
        case "Attributes", "POST" if key is None:
            made = create_column(store, table, call.json())
            address = f"{call.root}/EntityDefinitions({metadata.entity_id(table)})/Attributes({made})"
            return Answer(204, None, {"odata-entityid": address})
        case "Keys", "POST" if key is None:
            made = create_key(store, table, call.json())
            address = f"{call.root}/EntityDefinitions({metadata.entity_id(table)})/Keys({made})"
            return Answer(204, None, {"odata-entityid": address})
    _only_get(call)
    lists = {
        "Attributes": metadata.attributes,
        "Keys": metadata.keys,
        "ManyToOneRelationships": metadata.relationships,
    }
    if name not in lists:
        raise unknown_segment(name)
    found = lists[name](store, table)
    cast = rest[1].removeprefix(_CAST) if rest[1:] and rest[1].startswith(_CAST) else None
    if cast is not None:
        found = [each for each in found if each["@odata.type"] == f"#{_CAST}{cast}"]
    context = f"{call.root}/$metadata#EntityDefinitions('{table.name}')/{name}"
    if key is None:
        shown = [_narrowed(each, query) for each in _filtered(found, query.filter)]
        return Answer(200, {"@odata.context": context, "value": shown})
    wanted = key_values(key).get("LogicalName", key).lower() if "=" in key else key.lower()
    one = next((each for each in found if wanted in (each.get("LogicalName"), each["MetadataId"])), None)
    if one is None:
        raise DataverseError(
            404, "0x80060891", f"Could not find an attribute with the specified name '{wanted}' for {table.name}."
        )
    return Answer(200, {"@odata.context": f"{context}/$entity", **_narrowed(one, query)})


def _table(store: "Store", key: str) -> Table:
    wanted = key_values(key).get("LogicalName", "") if "=" in key else key.lower()
    for table in store.tables.values():
        if wanted in (table.name, metadata.entity_id(table)):
            return table
    raise DataverseError(404, "0x80060891", f"Could not find an entity with specified entity name: '{wanted}'.")


def _shown(store: "Store", entity: Row, query: Query) -> Row:
    table = store.tables[entity["LogicalName"]]
    shown = _narrowed(entity, query)
    for name, inner in query.expand:
        lists = {
            "Attributes": metadata.attributes,
            "Keys": metadata.keys,
            "ManyToOneRelationships": metadata.relationships,
        }
        if name not in lists:
            raise bad_query(f"The property '{name}' cannot be used in the $expand query option.")
        shown[name] = [_narrowed(each, inner) for each in _filtered(lists[name](store, table), inner.filter)]
    return shown


def _narrowed(full: Row, query: Query) -> Row:
    """The selected properties; option sets only where expanded, derived properties only through a cast."""
    kept = dict(full)
    expanded = {name for name, _ in query.expand}
    if query.select is not None:
        for name in query.select:
            if name not in full and name not in metadata.CAST_ONLY:
                raise bad_query(
                    f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.AttributeMetadata'."
                )
        kept = {name: full[name] for name in query.select if name in full}
        kept["MetadataId"] = full["MetadataId"]
        if "@odata.type" in full:
            kept = {"@odata.type": full["@odata.type"], **kept}
        for name in expanded & set(full):
            kept[name] = full[name]
    if "OptionSet" not in expanded:
        kept.pop("OptionSet", None)
    return kept


def _filtered(rows: list[Row], text: str | None) -> list[Row]:
    """Metadata knows `eq` joined by `and` or by `or`."""
    if text is None:
        return rows
    joiner = " or " if " or " in text else " and "
    conditions = [_CONDITION.match(piece.strip()) for piece in text.split(joiner)]
    if not all(conditions):
        raise bad_query(f"The metadata filter '{text}' is not supported.")
    wanted = [
        (match.group(1), (match.group(3) == "true") if match.group(3) else (match.group(2) or match.group(4) or ""))
        for match in conditions
        if match is not None
    ]
    quantifier = any if joiner == " or " else all
    return [row for row in rows if quantifier(_plain(row.get(name)) == value for name, value in wanted)]


def _plain(value: Any) -> Any:
    return value.get("Value") if isinstance(value, dict) else value


def _changes(store: "Store", call: Call) -> Answer:
    """RetrieveMetadataChanges, as far as its entity criteria name logical names."""
    given = parse_query(call.query).aliases.get("@p1", "{}")
    try:
        criteria = json.loads(given)
    except ValueError as broken:
        raise bad_query("The Query parameter is not JSON.") from broken
    names = set(re.findall(r'"([a-z][a-z0-9_]*)"', json.dumps(criteria.get("Criteria", {}))))
    tables = [table for table in store.tables.values() if table.name in names]
    everything = query_from({})
    entities = [
        {
            **_narrowed(metadata.entity(store, table), everything),
            "Attributes": metadata.attributes(store, table),
        }
        for table in tables
    ]
    return Answer(200, {"EntityMetadata": entities, "ServerVersionStamp": str(store.version)})


def _only_get(call: Call) -> None:
    if call.method != "GET":
        raise method_not_allowed(call.method)
