"""A user's own Python functions, named in the configuration: `module:function`, or the name of an entry point.

A function gets the value that the field was read with (None where it reads none) and all fields of the activity by
name, bodies as plain text; it returns a str, bool, int, float, datetime (aware) or None. It must answer the same for
the same activity: what it answers is compared from pass to pass.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from activity_sync.activities.activity import RichText, Value
from activity_sync.mapping.as_kind import read_number
from activity_sync.mapping.richtext import as_text

GROUP = "activity_sync.functions"

FieldFunction = Callable[[Any, Mapping[str, Any]], Any]


@cache
def find_function(name: str) -> FieldFunction:
    """The function of this name. ValueError that says why there is none, and what would be right."""
    module_name, colon, attribute = name.partition(":")
    if not colon:
        found = [one for one in entry_points(group=GROUP) if one.name == name]
        if not found:
            known = ", ".join(sorted(one.name for one in entry_points(group=GROUP))) or "none"
            raise ValueError(
                f"no installed package has an entry point {name!r} in the group {GROUP} (there are: {known}); "
                "install it, or write module:function"
            )
        module_name, _, attribute = found[0].value.partition(":")
    try:
        function: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            function = getattr(function, part)
    except (ImportError, ValueError) as error:
        raise ValueError(
            f"the module {module_name!r} cannot be imported ({type(error).__name__}); "
            "install it into this environment, or set PYTHONPATH to its folder"
        ) from None
    except AttributeError:
        raise ValueError(f"the module {module_name!r} has no function {attribute!r}; correct the name") from None
    if not callable(function):
        raise ValueError(f"{name!r} is no function; name one that takes (value, fields)")  # noqa: TRY004 - a wrong name
    return function  # type: ignore[no-any-return]  # what a user's module holds has no type


def call_function(name: str, value: Value, fields: Mapping[str, Value]) -> Value:
    """What the function answers, as a canonical value. ValueError where it fails, or answers something else."""
    shown = {one: as_text(held) if isinstance(held, RichText) else held for one, held in fields.items()}
    given = as_text(value) if isinstance(value, RichText) else value
    try:
        answer = find_function(name)(given, shown)
    except Exception as error:  # noqa: BLE001 - whatever a user's code raises is that record's failure
        # Its message may hold what is in the record.
        raise ValueError(f"made the function {name} fail ({type(error).__name__})") from None
    match answer:
        case None | str() | bool() | int():
            return answer
        case float():
            return read_number(answer)
        case datetime() if answer.tzinfo is not None:
            return answer
    raise ValueError(f"made the function {name} return a {type(answer).__name__}, which no field holds")
