"""What the organization's tables and options amount to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.findings import Finding, fine, warn
from activity_sync.mapping.coverage import values_not_offered
from activity_sync.mapping.fit import configured_columns
from activity_sync.mapping.rules import Kind, Scalar, TypeMapping, columns_to_read, columns_to_write
from activity_sync.systems.dynamics.batch import Answer, Operation
from activity_sync.systems.dynamics.columns import logical
from activity_sync.systems.dynamics.filters import text_literal
from activity_sync.systems.dynamics.metadata import Schema
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, RECORD_TABLES

_WORDS: Final = {RecordKind.DEAL: "deals", RecordKind.TICKET: "tickets"}
_CASTS: Final = {Kind.STATE: "StatusAttributeMetadata", Kind.CHOICE: "PicklistAttributeMetadata"}


def table_findings(schema: Schema) -> Iterator[Finding]:
    """Whether the organization has the tables that activities of deals and tickets hang on."""
    for kind, words in _WORDS.items():
        table = RECORD_TABLES[kind].name
        name = f"dynamics.tables.{table}"
        if schema.has(table):
            yield fine(name, f"the organization has the table {table}")
        else:
            yield warn(
                name,
                f"the organization has no table {table}: no activity is put onto its {words}, and one that hangs on "
                "nothing else waits",
                "nothing, if the Dynamics app that brings the table is not meant to be there",
            )


def tracking_findings(types: Sequence[ActivityType], schema: Schema) -> Iterator[Finding]:
    """Whether the tables of these types tell what was deleted."""
    for kind in types:
        table = ACTIVITY_TABLES[kind].name
        name = f"dynamics.change_tracking.{table}"
        if schema.tracks_changes(kind):
            yield fine(name, f"{table} tracks changes: deletes are told")
        else:
            yield warn(
                name,
                f"{table} does not track changes: every look for deletes costs a listing of ids",
                f"switch on 'Track changes' for the table {table}; it cannot be switched off again",
            )


def limit_findings(
    types: Sequence[ActivityType], schema: Schema, mapping: Mapping[ActivityType, TypeMapping]
) -> list[Finding]:
    """Whether the organization tells how long the texts that are written may be."""
    wanted = [
        (kind, column)
        for kind in types
        for rule in mapping[kind].fields.values()
        if rule.limit is not None
        for column in rule.write
    ]
    unknown = [f"{ACTIVITY_TABLES[kind].name}.{column}" for kind, column in wanted if column not in schema.limits(kind)]
    if unknown:
        return [
            warn(
                "dynamics.text_limits",
                f"the organization does not tell the limit of {', '.join(unknown)}: the shipped one is used",
                "see that the application user may read column definitions",
            )
        ]
    return [fine("dynamics.text_limits", f"the limits of {len(wanted)} text columns are known")] if wanted else []


def stored_id_finding(kind: str, column: str, schema: Schema) -> Finding | None:
    """Whether the table of a kind has the text column for its counterpart's id; None where there is no such table."""
    table = RECORD_TABLES[kind].name
    name = f"dynamics.counterpart_id.{kind}"
    if not schema.has(table):
        return None
    if schema.has_text(table, column):
        return fine(name, f"{table} has the column {column}")
    return warn(
        name,
        f"{table} has no text column {column}: no row is recognised by the HubSpot id that it would store",
        f"create it, or name another under tracking.counterpart_id (dynamics.{kind}); one of the two systems is enough",
    )


def column_read(table: str) -> Operation:
    """The read of a table's columns."""
    return Operation("GET", f"EntityDefinitions(LogicalName={text_literal(table)})/Attributes?$select=LogicalName")


def option_reads(kind: ActivityType, mapping: TypeMapping) -> dict[str, Operation]:
    """By column, the read of the options that the mapping writes."""
    table = text_literal(ACTIVITY_TABLES[kind].name)
    return {
        rule.write[-1]: Operation(
            "GET",
            f"EntityDefinitions(LogicalName={table})/Attributes(LogicalName={text_literal(rule.write[-1])})/"
            f"Microsoft.Dynamics.CRM.{_CASTS[rule.kind]}?$select=LogicalName&$expand=OptionSet",
        )
        for rule in mapping.fields.values()
        if rule.kind in _CASTS and rule.write and _are_codes(rule.choices[0].native)
    }


def _are_codes(native: Sequence[Scalar]) -> bool:
    """Whether a value is an option's number; truth values and texts have no options to be read."""
    return isinstance(native[-1], int) and not isinstance(native[-1], bool)


def mapping_findings(
    kind: ActivityType, mapping: TypeMapping, columns: Collection[str], options: Mapping[str, Answer]
) -> list[Finding]:
    """One finding where the table has every column and option that the mapping names, else one for each that it lacks.

    `columns`: those of the table, empty where they could not be read. `options`: the answers to `option_reads`.
    """
    table, name = ACTIVITY_TABLES[kind].name, f"dynamics.mapping.{kind}"
    found = [*_column_findings(name, table, mapping, columns), *_option_findings(name, table, mapping, options)]
    return found or [fine(name, f"{table} has every column and option that the mapping names")]


def _column_findings(name: str, table: str, mapping: TypeMapping, columns: Collection[str]) -> Iterator[Finding]:
    if not columns:
        remedy = "see that the application user may read column definitions"
        yield warn(f"{name}.columns", f"the columns of {table} cannot be read", remedy)
        return
    named = configured_columns(mapping)
    mapped = [one for one in (*columns_to_read(mapping), *columns_to_write(mapping)) if one not in named]
    for column in dict.fromkeys(map(logical, mapped)):
        if column not in columns:
            yield warn(
                f"{name}.{column}",
                f"{table} has no column {column}, which the mapping names: Dynamics refuses to read or write it",
                "restore it, or give the application user's role access to it",
            )


def _option_findings(name: str, table: str, mapping: TypeMapping, answers: Mapping[str, Answer]) -> Iterator[Finding]:
    options = {column: read_options(answer) for column, answer in answers.items()}
    for column in sorted(column for column, values in options.items() if not values):
        yield warn(
            f"{name}.{column}",
            f"the options of {table}.{column} cannot be read (status {answers[column].status})",
            "see that the application user may read column definitions",
        )
    for column, values in values_not_offered(mapping, options).items():
        yield warn(
            f"{name}.{column}",
            f"{table}.{column} has no option for {', '.join(values)}: a record with such a value is refused",
            "restore the standard option in the table's definition",
        )


def read_columns(answer: Answer) -> frozenset[str]:
    """The logical names of the columns; empty where the answer does not tell."""
    if answer.status >= 300:
        return frozenset()
    told: Any = answer.json()
    listed = told.get("value") if isinstance(told, dict) else None
    return frozenset(str(one["LogicalName"]) for one in listed or () if one.get("LogicalName"))


def read_options(answer: Answer) -> Collection[str]:
    """The values of a column's options, as text; empty where the answer does not tell."""
    if answer.status >= 300:
        return ()
    told: Any = answer.json()
    listed = (told.get("OptionSet") or {}).get("Options") if isinstance(told, dict) else None
    return [str(one["Value"]) for one in listed or () if one.get("Value") is not None]
