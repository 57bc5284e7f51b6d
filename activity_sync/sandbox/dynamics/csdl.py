"""`$metadata`: the model as a CSDL document. Activities declare only what they do not inherit."""

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from activity_sync.sandbox.dynamics.schema import Column, Table

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>'
    '<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Microsoft.Dynamics.CRM" Alias="mscrm">'
    '<EntityType Name="crmbaseentity" Abstract="true" />'
    '<EntityType Name="principal" BaseType="mscrm.crmbaseentity"><Key><PropertyRef Name="ownerid" /></Key>'
    '<Property Name="ownerid" Type="Edm.Guid" /></EntityType>'
)
_TAIL = "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"


def csdl(store: "Store") -> str:
    """The document."""
    pointer = store.tables["activitypointer"]
    types = "".join(_entity_type(store, table, pointer) for table in store.tables.values())
    sets = "".join(
        f"<EntitySet Name={quoteattr(table.set_name)} EntityType={quoteattr(f'Microsoft.Dynamics.CRM.{table.name}')} />"
        for table in store.tables.values()
    )
    return f'{_HEAD}{types}<EntityContainer Name="System">{sets}{_TAIL}'


def _entity_type(store: "Store", table: Table, pointer: Table) -> str:
    inherited = set(pointer.by_wire) if table.is_activity else set()
    inherited_navigation = set(pointer.by_bind) if table.is_activity else set()
    own = [column for column in table.columns.values() if column.wire_name not in inherited]
    key = "" if table.is_activity else f"<Key><PropertyRef Name={quoteattr(table.key)} /></Key>"
    abstract = ' Abstract="true"' if table.name == "activitypointer" else ""
    properties = "".join(_property(column) for column in own)
    navigations = "".join(
        f"<NavigationProperty Name={quoteattr(name)} Type={quoteattr(_target(targets))} "
        f'Nullable="false"><ReferentialConstraint Property={quoteattr(column.wire_name)} '
        f"ReferencedProperty={quoteattr(_target_key(store, targets))} /></NavigationProperty>"
        for name, (column, targets) in table.by_bind.items()
        if name not in inherited_navigation
    )
    collections = [(each.name, each.table) for each in table.collections]
    if table.has_parties:
        collections.append((table.party_property, "activityparty"))
    lists = "".join(
        f"<NavigationProperty Name={quoteattr(name)} Type={quoteattr(f'Collection(mscrm.{child})')} />"
        for name, child in collections
    )
    return (
        f"<EntityType Name={quoteattr(table.name)} BaseType={quoteattr(f'mscrm.{table.base}')}{abstract}>"
        f"{key}{properties}{navigations}{lists}</EntityType>"
    )


def _property(column: Column) -> str:
    unicode = ' Unicode="false"' if column.edm_type == "Edm.String" else ""
    return f"<Property Name={quoteattr(column.wire_name)} Type={quoteattr(column.edm_type)}{unicode} />"


def _target(targets: tuple[str, ...]) -> str:
    return f"mscrm.{targets[0]}" if len(targets) == 1 else "mscrm.principal"


def _target_key(store: "Store", targets: tuple[str, ...]) -> str:
    table = store.tables.get(targets[0]) if len(targets) == 1 else None
    return table.key if table is not None else "ownerid"
