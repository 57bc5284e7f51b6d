"""From a stored row to its JSON: column values, annotations, expanded navigations."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.errors import bad_query, unknown_in_query
from activity_sync.sandbox.dynamics.filtering import collection_rows, compile_filter
from activity_sync.sandbox.dynamics.ordering import sorted_rows
from activity_sync.sandbox.dynamics.preferences import Preferences
from activity_sync.sandbox.dynamics.query import Query, selected_columns
from activity_sync.sandbox.dynamics.schema import Column, Reference, Table

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
_CALLER_OFFSET = timedelta(hours=1)
"""The caller's zone: formatted dates are in it, and differ from the UTC values they stand beside."""


class Shower:
    """Shows rows of one table under one query; reusable for every row of a page."""

    def __init__(self, store: "Store", table: Table, query: Query, *, prefer: Preferences, root: str) -> None:
        self._store = store
        self._table = table
        self._query = query
        self._prefer = prefer
        self._root = root
        self._columns = selected_columns(table, query.select)
        self._formatted = prefer.wants(FORMATTED)
        self._logical = prefer.wants(LOGICAL_NAME)
        self._navigation = prefer.wants(NAVIGATION)
        self._annotates = self._formatted or self._logical or self._navigation
        self._expands = [(name, inner, self._expansion(name, inner)) for name, inner in query.expand]

    def __call__(self, row: Row) -> Row:
        """The row's JSON."""
        shown: Row = {"@odata.etag": etag(row)}
        for column in self._columns:
            value = row.get(column.name)
            if isinstance(value, Reference):
                shown[column.wire_name] = value.id
            else:
                shown[column.wire_name] = value
            if self._annotates and value is not None:
                self._annotate(shown, column, value)
        for name, _, expand in self._expands:
            expand(shown, row, name)
        return shown

    def _annotate(self, shown: Row, column: Column, value: Any) -> None:
        name = column.wire_name
        if self._formatted and (text := formatted(self._store, column, value)) is not None:
            shown[f"{name}@{FORMATTED}"] = text
        if isinstance(value, Reference):
            navigation = next((bind for bind, target in column.binds if target == value.table), None)
            # A party that is a user carries no navigation property (facts/observed.md, 23).
            if self._navigation and navigation is not None and (name, value.table) != ("_partyid_value", "systemuser"):
                shown[f"{name}@{NAVIGATION}"] = navigation
            if self._logical:
                shown[f"{name}@{LOGICAL_NAME}"] = value.table

    def _expansion(self, name: str, inner: Query) -> Any:
        table = self._table
        if name in table.by_bind:
            return self._single(name, inner)
        child, children = collection_rows(self._store, table, name)
        if inner.skiptoken or inner.count:
            raise bad_query("The query option is not supported inside $expand.")
        if name == table.party_property and inner.top is not None:
            raise bad_query("$top is not supported when expanding activity parties.")
        show = Shower(self._store, child, inner, prefer=self._prefer, root=self._root)
        test = None if inner.filter is None else compile_filter(inner.filter, self._store, child)

        def expand(shown: Row, row: Row, navigation: str) -> None:
            rows = [each for each in children(row) if test is None or test(each)]
            if inner.orderby:
                rows = sorted_rows(self._store, child, rows, inner.orderby)
            elif self._store.controls.settings.shuffle_results:
                rows = self._store.controls.random.sample(rows, len(rows))
            shown[navigation] = [show(each) for each in rows[: inner.top or 5000]]
            # The link is there even when the collection is complete: following it repeats the rows.
            shown[f"{navigation}@odata.nextLink"] = (
                f"{self._root}/{table.set_name}({row[table.key]})/{navigation}{_options(inner)}"
            )

        return expand

    def _single(self, name: str, inner: Query) -> Any:
        column, targets = self._table.by_bind[name]
        if len(targets) > 1:
            # `ownerid` leads to the abstract principal, which has no column but its key.
            if inner.select is not None and set(inner.select) - {"ownerid"}:
                raise unknown_in_query(min(set(inner.select) - {"ownerid"}), "principal")

            def principal(shown: Row, row: Row, navigation: str) -> None:
                owner = row.get(column.name)
                shown[navigation] = None if owner is None else {"ownerid": owner.id}

            return principal
        target = self._store.tables[targets[0]]
        show = Shower(self._store, target, inner, prefer=self._prefer, root=self._root)

        def expand(shown: Row, row: Row, navigation: str) -> None:
            reference = row.get(column.name)
            found = None
            if reference is not None and reference.table == target.name:
                found = self._store.get(reference.table, reference.id)
            shown[navigation] = None if found is None else show(found)

        return expand


def etag(row: Row) -> str:
    """The row's version as an entity tag."""
    return f'W/"{row["versionnumber"]}"'


def display_name(store: "Store", reference: Reference) -> str | None:
    """A referenced row's primary name."""
    table = store.tables.get(reference.table)
    row = store.get(reference.table, reference.id)
    return None if table is None or row is None else row.get(table.primary_name)


def formatted(store: "Store", column: Column, value: Any) -> str | None:
    """A value as the caller's locale shows it: not to be parsed by anyone. None for one that no column could hold."""
    try:
        return _formatted(store, column, value)
    except (TypeError, ValueError, OverflowError):
        return None


def _formatted(store: "Store", column: Column, value: Any) -> str | None:
    match column.kind:
        case "lookup":
            return display_name(store, value)
        case "datetime":
            local = datetime.fromisoformat(value) + _CALLER_OFFSET
            return local.strftime("%d.%m.%Y %H:%M")
        case "date":
            return date.fromisoformat(value).strftime("%d.%m.%Y")
        case "choice" | "state" | "status":
            return dict(column.options).get(value, str(value))
        case "boolean":
            return dict(column.options).get(int(value), str(value))
        case "integer" | "bigint":
            return f"{value:,}".replace(",", ".")
        case "decimal" | "double":
            return f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
    return None


def _options(query: Query) -> str:
    pairs = [f"{name}={value}" for name, value in query.raw.items() if name in ("$select", "$filter", "$orderby")]
    return f"?{'&'.join(pairs)}" if pairs else ""
