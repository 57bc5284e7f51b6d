"""Whether the properties that the configuration names exist in a system, and hold what they are to hold. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from activity_sync.mapping.rules import FieldRule, Kind, TypeMapping

_WORDS: Final = {Kind.MOMENT: "datetime", Kind.BOOL: "boolean"}
"""What the configuration calls a kind, where that is another word."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """A system's own word for what its properties of a type hold, by name, and which words a kind may be written to.

    `fixed`: properties that nobody but the system writes. `lookups`: the words for references to other records.
    `untold`: the word for what the system does not tell enough of, "" for none.
    """

    types: Mapping[str, str]
    writable: Mapping[Kind, Collection[str]]
    fixed: Collection[str] = ()
    lookups: Collection[str] = ()
    untold: str = ""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A field that cannot be carried as the configuration says, and what to do."""

    field: str
    problem: str
    remedy: str


def configured_columns(mapping: TypeMapping) -> frozenset[str]:
    """The properties that the configuration names."""
    return frozenset(
        column for rule in mapping.fields.values() if rule.configured for column in (*rule.read, *rule.write)
    )


def is_configured(mapping: TypeMapping) -> bool:
    """Whether the configuration names any property of the type."""
    return any(rule.configured for rule in mapping.fields.values())


def misfits(mapping: TypeMapping, known: Definitions) -> Iterator[Misfit]:
    """What is wrong with the configured fields of a type, in their order; at most one thing of each.

    Nothing where the system tells of no property at all.
    """
    if not known.types:
        return
    for name, rule in mapping.fields.items():
        if rule.configured and (found := _misfit(name, rule, mapping, known)) is not None:
            yield found


def _misfit(name: str, rule: FieldRule, mapping: TypeMapping, known: Definitions) -> Misfit | None:
    system, kind = mapping.system, mapping.type
    shows = mapping.notation.display
    for column in dict.fromkeys((*rule.read, *rule.write)):
        prefix, _, suffix = shows.partition("{}") if shows else ("", "", "")
        is_display = bool(shows) and column.startswith(prefix) and column.endswith(suffix)
        bare = column.removeprefix(prefix).removesuffix(suffix) if is_display else column
        held = known.types.get(bare)
        if held is None:
            return Misfit(
                name,
                f"{system} has no property {bare} of {kind}s",
                f"create it in {system}, or correct its name under fields.{name}",
            )
        if held in known.lookups and column in rule.write:
            return Misfit(
                name,
                f"{bare} of {system}'s {kind}s is a look-up, and a text leads to no record",
                f"name another property under fields.{name}",
            )
        if is_display != (held in known.lookups):
            problem = f"{bare} of {system}'s {kind}s " + ("is no look-up" if is_display else "is a look-up")
            remedy = f"{'remove' if is_display else 'add'} `display: true` under fields.{name}"
            return Misfit(name, problem, remedy)
    for column in rule.write:
        held = known.types[column]
        if column in known.fixed:
            return Misfit(
                name,
                f"{system} writes {column} of {kind}s itself, and nobody else may",
                f"name another property under fields.{name}",
            )
        allowed = known.writable.get(rule.kind, ())
        if held not in {*allowed, known.untold}:
            return Misfit(
                name,
                f"{column} of {system}'s {kind}s holds {held}, which takes no {_WORDS.get(rule.kind, rule.kind)}",
                f"correct `kind` under fields.{name}, or name a property that holds {' or '.join(sorted(allowed))}",
            )
    return None
