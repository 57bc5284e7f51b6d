"""Whether a system's own options cover what the mapping writes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from activity_sync.mapping.rules import FieldRule, Kind, Scalar, TypeMapping


def values_not_offered(mapping: TypeMapping, options: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Per property, the canonical values whose option the system lacks, in the mapping's order; no property without.

    `options`: the internal values by property, numbers as text. A property that is not in it is not judged.
    """
    lacking: dict[str, dict[str, None]] = {}
    for rule in mapping.fields.values():
        if rule.kind not in {Kind.CHOICE, Kind.STATE} or not rule.write:
            continue
        column = rule.write[-1]
        offered = {option.casefold() for option in options.get(column, ())}
        for choice in rule.choices if offered else ():
            if choice.write and choice.value is not None and not _spellings(rule, choice.native) & offered:
                lacking.setdefault(column, {})[choice.value] = None
    return {column: tuple(values) for column, values in lacking.items()}


def _spellings(rule: FieldRule, native: tuple[Scalar, ...]) -> set[str]:
    """How the value may stand among the options. Of a state's pair the second one is the option."""
    return {str(one).casefold() for one in (native[-1:] if rule.kind is Kind.STATE else native)}
