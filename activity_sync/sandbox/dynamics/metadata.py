"""Tables, columns and relationships as the metadata endpoints describe them."""

from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.identity import fixed_id
from activity_sync.sandbox.dynamics.schema import Column, Kind, Table

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
CAST_ONLY = frozenset({"MaxLength", "MinValue", "MaxValue", "Format", "FormatName", "Targets", "OptionSet"})
"""Properties of derived attribute types: selecting them takes a cast."""

_TYPES: dict[Kind, tuple[str, str]] = {
    "string": ("String", "StringAttributeMetadata"),
    "memo": ("Memo", "MemoAttributeMetadata"),
    "integer": ("Integer", "IntegerAttributeMetadata"),
    "bigint": ("BigInt", "BigIntAttributeMetadata"),
    "decimal": ("Decimal", "DecimalAttributeMetadata"),
    "double": ("Double", "DoubleAttributeMetadata"),
    "boolean": ("Boolean", "BooleanAttributeMetadata"),
    "datetime": ("DateTime", "DateTimeAttributeMetadata"),
    "date": ("DateTime", "DateTimeAttributeMetadata"),
    "guid": ("Uniqueidentifier", "UniqueIdentifierAttributeMetadata"),
    "choice": ("Picklist", "PicklistAttributeMetadata"),
    "state": ("State", "StateAttributeMetadata"),
    "status": ("Status", "StatusAttributeMetadata"),
    "lookup": ("Lookup", "LookupAttributeMetadata"),
}


def entity_id(table: Table) -> str:
    """A table's metadata id."""
    return fixed_id(f"entity {table.name}")


def entity(store: "Store", table: Table) -> Row:
    """A table's definition without its columns."""
    settings = store.controls.settings
    return {
        "MetadataId": entity_id(table),
        "LogicalName": table.name,
        "SchemaName": table.name.capitalize(),
        "EntitySetName": table.set_name,
        "LogicalCollectionName": table.set_name,
        "PrimaryIdAttribute": table.key,
        "PrimaryNameAttribute": table.primary_name,
        "ObjectTypeCode": table.object_type_code,
        "IsActivity": table.has_parties,
        "IsActivityParty": table.name in ("account", "contact", "systemuser", "queue", "lead"),
        "HasActivities": any(each.name.endswith("_ActivityPointers") for each in table.collections),
        "HasNotes": any(each.name.endswith("_Annotation") for each in table.collections),
        "ChangeTrackingEnabled": table.name in settings.dynamics_change_tracking,
        "IsOptimisticConcurrencyEnabled": True,
        "IsCustomEntity": False,
        "IsCustomizable": {"Value": True, "CanBeChanged": True},
        "CanCreateAttributes": {"Value": settings.dynamics_allow_custom_columns, "CanBeChanged": True},
        "DisplayName": _label(table.name.capitalize()),
        "DisplayCollectionName": _label(table.set_name.capitalize()),
        "OwnershipType": "UserOwned" if "owninguser" in table.columns else "OrganizationOwned",
    }


def attributes(_: "Store", table: Table) -> list[Row]:
    """A table's columns, inherited ones included."""
    return [_attribute(table, column) for column in table.columns.values()]


def attribute_id(table: Table, name: str) -> str:
    """A column's metadata id."""
    return fixed_id(f"attribute {table.name}.{name}")


def relationships(store: "Store", table: Table) -> list[Row]:
    """The lookups as many-to-one relationships, with the navigation properties that bind them."""
    rows: list[Row] = []
    for column in table.columns.values():
        for navigation, target in column.binds:
            if target not in store.tables:
                continue
            rows.append(
                {
                    "@odata.type": "#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
                    "MetadataId": fixed_id(f"relationship {table.name}.{navigation}.{target}"),
                    "SchemaName": f"{target.capitalize()}_{table.name.capitalize()}_{column.name}",
                    "ReferencingEntity": table.name,
                    "ReferencingAttribute": column.name,
                    "ReferencingEntityNavigationPropertyName": navigation,
                    "ReferencedEntity": target,
                    "ReferencedAttribute": store.tables[target].key,
                }
            )
    return rows


def keys(_: "Store", table: Table) -> list[Row]:
    """A table's alternate keys."""
    return [
        {
            "@odata.type": "#Microsoft.Dynamics.CRM.EntityKeyMetadata",
            "MetadataId": fixed_id(f"key {table.name}.{','.join(key)}"),
            "LogicalName": f"{'_'.join(key)}_key",
            "SchemaName": f"{'_'.join(key)}_key",
            "EntityLogicalName": table.name,
            "KeyAttributes": list(key),
            "EntityKeyIndexStatus": "Active",
        }
        for key in table.keys
    ]


def _attribute(table: Table, column: Column) -> Row:
    name, type_name = _TYPES[column.kind]
    if column.name == "ownerid" and column.kind == "lookup":
        name = "Owner"
    elif column.name in ("parentcustomerid", "customerid"):
        name = "Customer"
    described: Row = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{type_name}",
        "MetadataId": attribute_id(table, column.name),
        "LogicalName": column.name,
        "SchemaName": column.name.capitalize() if not column.custom else column.name,
        "EntityLogicalName": table.name,
        "AttributeType": name,
        "AttributeTypeName": {"Value": f"{name}Type"},
        "AttributeOf": None,
        "RequiredLevel": {"Value": column.required, "CanBeChanged": column.required != "SystemRequired"},
        "IsValidForCreate": column.create,
        "IsValidForUpdate": column.update,
        "IsValidForRead": True,
        "IsPrimaryId": column.name == table.key,
        "IsPrimaryName": column.name == table.primary_name,
        "IsCustomAttribute": column.custom,
        "DisplayName": _label(column.name.capitalize()),
    }
    if column.max_length is not None:
        described |= {"MaxLength": column.max_length, "Format": "Text"}
        described["FormatName"] = {"Value": "RichText" if column.html else "Text"}
    if column.kind in ("integer", "decimal", "double"):
        described |= {"MinValue": column.low, "MaxValue": column.high}
    if column.kind == "lookup":
        described["Targets"] = list(column.targets)
    if column.kind == "datetime":
        described |= {"Format": "DateAndTime", "DateTimeBehavior": {"Value": "UserLocal"}}
    if column.kind == "date":
        described |= {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}}
    if column.options:
        described["OptionSet"] = _option_set(table, column)
    return described


def _option_set(table: Table, column: Column) -> Row:
    if column.kind == "boolean":
        labels = dict(column.options)
        return {
            "OptionSetType": "Boolean",
            "TrueOption": {"Value": 1, "Label": _label(labels.get(1, "Yes"))},
            "FalseOption": {"Value": 0, "Label": _label(labels.get(0, "No"))},
        }
    states = {number: state.value for state in table.states for number, _ in state.reasons}
    options: list[Row] = []
    for value, label in column.options:
        option: Row = {"Value": value, "Label": _label(label)}
        if column.kind == "status":
            option |= {"@odata.type": "#Microsoft.Dynamics.CRM.StatusOptionMetadata", "State": states[value]}
        if column.kind == "state":
            state = table.state(value)
            option |= {
                "@odata.type": "#Microsoft.Dynamics.CRM.StateOptionMetadata",
                "DefaultStatus": state.reasons[0][0] if state is not None else None,
            }
        options.append(option)
    return {
        "Name": f"{table.name}_{column.name}",
        "OptionSetType": {"state": "State", "status": "Status"}.get(column.kind, "Picklist"),
        "Options": options,
    }


def _label(text: str) -> Row:
    localized = {"Label": text, "LanguageCode": 1033}
    return {"LocalizedLabels": [localized], "UserLocalizedLabel": localized}
