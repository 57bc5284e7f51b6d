"""Reading the JSON body of a write: which columns it sets, which parties it brings, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.errors import (
    DataverseError,
    bad_payload,
    bad_query,
    missing_row,
    undeclared_annotation,
    unknown_property,
)
from activity_sync.sandbox.dynamics.keys import resolve_address
from activity_sync.sandbox.dynamics.rewriting import rewrite_html, rewrite_plain
from activity_sync.sandbox.dynamics.schema import Column, Reference, Table
from activity_sync.sandbox.dynamics.values import stored_value

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

BIND = "@odata.bind"
_CONTROL = frozenset({"@odata.type", "@odata.id", "@odata.etag", "@odata.context"})


@dataclass
class Payload:
    """What a body asks for. `values` holds stored values by column; `parties` is None when not given."""

    values: dict[str, Any] = field(default_factory=dict)
    parties: list[Mapping[str, Any]] | None = None


def read_payload(store: "Store", table: Table, body: Any, *, creating: bool) -> Payload:
    """Checks a body against the table. Columns not valid for the message are dropped in silence, as on the platform.

    Raises DataverseError for everything the model does not allow.
    """
    if not isinstance(body, dict):
        raise bad_payload(table.set_name, "Microsoft.OData.ODataException: An object was expected.")
    payload = Payload()
    for name, value in body.items():
        if name in _CONTROL:
            continue
        if name.endswith(BIND):
            _bind(store, table, payload, name.removesuffix(BIND), value, creating=creating)
        elif "@" in name:
            _annotation(table, name, body)
        elif table.has_parties and name == table.party_property:
            payload.parties = _parties(table, value)
        elif name in table.by_bind:
            _navigation(table, payload, name, value, creating=creating)
        elif any(collection.name == name for collection in table.collections):
            raise deep_write()
        else:
            _plain(store, table, payload, name, value, creating=creating)
    return payload


def deep_write() -> DataverseError:
    """Writing related rows inside a row's body, other than parties on create."""
    return bad_query("Deep update of navigation properties is not allowed.")


def bound_row(store: "Store", table: Table, name: str, value: Any, *, targets: tuple[str, ...]) -> Reference:
    """The existing row that a bind names. Raises DataverseError 400 for a wrong one, 404 for a missing one."""
    reference = resolve_address(store, value) if isinstance(value, str) else None
    if reference is None:
        raise bad_payload(
            table.set_name,
            f"Microsoft.OData.ODataException: The value of '{name}{BIND}' is not a valid entity reference.",
        )
    if reference.table == "activitypointer" and "activitypointer" in targets:
        # The union of activities is kept by its members.
        reference = Reference(store.activity_table.get(reference.id, reference.table), reference.id)
    elif reference.table not in targets:
        raise bad_payload(
            table.set_name,
            f"Microsoft.OData.ODataException: The entity reference '{value}' of '{name}{BIND}' is not of the type "
            f"'Microsoft.Dynamics.CRM.{targets[0] if targets else 'crmbaseentity'}'.",
        )
    if not store.exists(reference):
        raise missing_row(reference.table.capitalize(), reference.id)
    return reference


def rewritten(store: "Store", column: Column, value: Any) -> Any:
    """A text as the server keeps it, under the setting `rewrite_bodies`."""
    if not store.controls.settings.rewrite_bodies or not isinstance(value, str) or column.kind != "memo":
        return value
    return rewrite_html(value) if column.html else rewrite_plain(value)


def _bind(store: "Store", table: Table, payload: Payload, name: str, value: Any, *, creating: bool) -> None:
    if name not in table.by_bind:
        raise undeclared_annotation(table.set_name, name)
    column, targets = table.by_bind[name]
    reference = None if value is None else bound_row(store, table, name, value, targets=targets)
    if column.create if creating else column.update:
        payload.values[column.name] = reference


def _navigation(table: Table, payload: Payload, name: str, value: Any, *, creating: bool) -> None:
    """A navigation property given by value: null clears it, anything else would be a deep write."""
    if value is not None:
        raise deep_write()
    column, _ = table.by_bind[name]
    if column.create if creating else column.update:
        payload.values[column.name] = None


def _annotation(table: Table, name: str, body: Mapping[str, Any]) -> None:
    """Annotations of declared properties are ignored; of others they are an error."""
    subject = name.partition("@")[0]
    known = subject in table.by_wire or subject in table.by_bind or subject in body
    if not known and subject != table.party_property:
        raise undeclared_annotation(table.set_name, subject)


def _plain(store: "Store", table: Table, payload: Payload, name: str, value: Any, *, creating: bool) -> None:
    column = table.by_wire.get(name)
    if column is None:
        raise unknown_property(table.set_name, table.name, name)
    if column.kind == "lookup":
        raise bad_query(
            "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead."
        )
    checked = stored_value(column, value, table)
    if column.create if creating else column.update:
        payload.values[column.name] = rewritten(store, column, checked)


def _parties(table: Table, value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(party, dict) for party in value):
        raise bad_payload(
            table.set_name, f"Microsoft.OData.ODataException: '{table.party_property}' must be an array of objects."
        )
    return value
