"""Values that are made and not read: constants, templates over several fields, functions of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from activity_sync.activities.activity import Value
from activity_sync.mapping.as_kind import in_words, read_number
from activity_sync.mapping.functions import call_function
from activity_sync.mapping.rules import Computed, FieldRule


def template_fields(template: str) -> tuple[str, ...]:
    """The fields that a template names, each once. ValueError where it is none, or asks for more than a name."""
    found: dict[str, None] = {}
    for _, name, form, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError("write each field as {name}, and a brace that is meant as such twice")
        found[name] = None
    return tuple(found)


def compute(rule: FieldRule, computed: Computed, read: Value, fields: Mapping[str, Value]) -> Value:
    """The value. `read`: what the rule's own properties hold; `fields`: all of the record. ValueError (functions)."""
    if computed.function is not None:
        return call_function(computed.function, read, fields)
    if computed.template is not None:
        parts = []
        for text, name, _, _ in Formatter().parse(computed.template):
            parts.append(text)
            if name is not None:
                parts.append(in_words(fields.get(name), rule.zone))
        return "".join(parts).strip() or None
    constant = computed.constant
    return read_number(constant) if isinstance(constant, float) else constant
