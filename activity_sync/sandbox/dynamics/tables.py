"""All tables of an organisation, as installed."""

from collections.abc import Iterable

from activity_sync.sandbox.dynamics.schema import Table
from activity_sync.sandbox.dynamics.tables_activities import (
    activity_tables,
    annotation_table,
    attachment_table,
    party_table,
    pointer_table,
)
from activity_sync.sandbox.dynamics.tables_records import record_tables, surrounding_tables

OPTIONAL_TABLES = ("lead", "opportunity", "incident", "invoice")
"""Tables of the Dynamics apps; a bare Dataverse organisation has none of them."""

ACTIVITY_NAMES = ("task", "phonecall", "email", "appointment", "letter")


def installed_tables(optional: Iterable[str]) -> dict[str, Table]:
    """The tables of an organisation by logical name, with the named ones of OPTIONAL_TABLES."""
    chosen = set(optional)
    records = [table for table in record_tables() if table.name not in OPTIONAL_TABLES or table.name in chosen]
    names = tuple(table.name for table in records)
    parties = (
        "account",
        "contact",
        "systemuser",
        "queue",
        *(name for name in OPTIONAL_TABLES if name in chosen),
    )
    # An invoice's customer and an opportunity's lookups need no such care: they lead to tables that always exist.
    tables = (
        *records,
        *surrounding_tables(),
        *activity_tables(names),
        pointer_table(names),
        annotation_table((*names, *ACTIVITY_NAMES)),
        attachment_table(),
        party_table(parties),
    )
    return {table.name: table for table in tables}
