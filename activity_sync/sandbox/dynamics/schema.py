"""What a Dataverse table is made of: columns, states, and the names under which lookups are bound."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

Kind = Literal[
    "string",
    "memo",
    "integer",
    "bigint",
    "decimal",
    "double",
    "boolean",
    "datetime",
    "date",
    "guid",
    "choice",
    "state",
    "status",
    "lookup",
]
Requirement = Literal["None", "ApplicationRequired", "SystemRequired"]

EDM_TYPES: dict[Kind, str] = {
    "string": "Edm.String",
    "memo": "Edm.String",
    "integer": "Edm.Int32",
    "bigint": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "double": "Edm.Double",
    "boolean": "Edm.Boolean",
    "datetime": "Edm.DateTimeOffset",
    "date": "Edm.Date",  # a column whose behaviour is DateOnly
    "guid": "Edm.Guid",
    "choice": "Edm.Int32",
    "state": "Edm.Int32",
    "status": "Edm.Int32",
    "lookup": "Edm.Guid",
}


class Reference(NamedTuple):
    """The stored value of a lookup: a row of a table."""

    table: str
    id: str


@dataclass(frozen=True)
class Column:
    """One column. `max_length` counts UTF-16 units; `options` are value and label of a choice or boolean.

    `html` marks text that the server rewrites; `filterable` is False where the text lies in blob storage;
    `targets` are the tables a lookup may name, each with the navigation properties that bind it in `binds`.
    """

    name: str
    kind: Kind = "string"
    max_length: int | None = None
    low: float | None = None
    high: float | None = None
    options: tuple[tuple[int, str], ...] = ()
    default: object = None
    create: bool = True
    update: bool = True
    required: Requirement = "None"
    html: bool = False
    filterable: bool = True
    targets: tuple[str, ...] = ()
    binds: tuple[tuple[str, str], ...] = ()
    custom: bool = False

    @property
    def wire_name(self) -> str:
        """The name in a row's JSON: lookups read as `_name_value`."""
        return f"_{self.name}_value" if self.kind == "lookup" else self.name

    @property
    def edm_type(self) -> str:
        """The OData type."""
        return EDM_TYPES[self.kind]


@dataclass(frozen=True)
class State:
    """A state with its status reasons; the first is the default. `closed` rows are history."""

    value: int
    label: str
    reasons: tuple[tuple[int, str], ...]
    closed: bool = False


@dataclass(frozen=True)
class Collection:
    """A one-to-many navigation: rows of `table` whose lookup `column` names the owner of the collection."""

    name: str
    table: str
    column: str


@dataclass(frozen=True)
class Table:
    """A table. `base` is the OData base type; `writable` says whether the API takes creates, updates, deletes."""

    name: str
    set_name: str
    key: str
    primary_name: str
    object_type_code: int
    columns: dict[str, Column]
    states: tuple[State, ...] = ()
    base: str = "crmbaseentity"
    collections: tuple[Collection, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    writable: bool = True
    by_wire: dict[str, Column] = field(default_factory=dict, compare=False)
    by_bind: dict[str, tuple[Column, tuple[str, ...]]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Builds the indexes by wire name and by navigation property."""
        for column in self.columns.values():
            self.by_wire[column.wire_name] = column
            for navigation, target in column.binds:
                known = self.by_bind.get(navigation, (column, ()))[1]
                self.by_bind[navigation] = (column, (*known, target))

    @property
    def is_activity(self) -> bool:
        """Whether rows are activities and share the one space of activity ids."""
        return self.base == "activitypointer"

    @property
    def party_property(self) -> str:
        """The collection of activity parties, for example `email_activity_parties`."""
        return f"{self.name}_activity_parties"

    @property
    def has_parties(self) -> bool:
        """Whether the table has such a collection."""
        return self.is_activity or self.name == "activitypointer"

    def state(self, value: int) -> State | None:
        """The state of that number."""
        return next((state for state in self.states if state.value == value), None)

    def with_columns(self, added: Iterable[Column]) -> "Table":
        """The table with more columns."""
        columns = self.columns | {column.name: column for column in added}
        return replace(self, columns=columns, by_wire={}, by_bind={})

    def with_key(self, columns: tuple[str, ...]) -> "Table":
        """The table with one more alternate key."""
        return replace(self, keys=(*self.keys, columns), by_wire={}, by_bind={})
