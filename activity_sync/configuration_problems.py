"""What is wrong with a file of settings, line by line, and what would be right. Pure: it knows no settings itself.

Values that may be a person's address are never quoted.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from activity_sync.marked_yaml import Marked, Path

_SECTION: Final = frozenset({"model_type", "model_attributes_type", "dict_type", "mapping_type", "dataclass_type"})
_LIST: Final = frozenset({"tuple_type", "list_type", "set_type", "frozen_set_type"})
_WANTED: Final[Mapping[str, str]] = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "date_parsing": "a day, as 2015-01-31",
    "date_type": "a day, as 2015-01-31",
    "date_from_datetime_parsing": "a day, as 2015-01-31",
    "date_from_datetime_inexact": "a day without a time, as 2015-01-31",
    "time_parsing": "a time of day, as 02:30",
    "time_type": "a time of day, as 02:30",
    "string_type": "a text",
}
"""What to use instead, by pydantic's name of the error."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `path`: the setting, as in `flows.hubspot_to_dynamics.task.closed`; "" for the file."""

    line: int | None
    path: str
    message: str

    def told(self, name: str) -> str:
        """The problem in one line; `name` is how the file is called."""
        line = f", line {self.line}" if self.line else ""
        return f"{name}{line}: " + (f"{self.path}: " if self.path else "") + self.message


def find_problems(model: type[BaseModel], error: ValidationError | None, marked: Marked) -> list[Problem]:
    """All problems of a document, in the order of its lines: keys that stand twice, and what the model refuses."""
    found = [
        Problem(
            one.line, _dotted(one.path), f"stands here for a second time (first in line {one.first_line}); keep one"
        )
        for one in marked.twice
    ]
    by_path: dict[Path, list[Any]] = defaultdict(list)
    for detail in error.errors(include_url=False) if error is not None else ():
        by_path[marked.known(detail["loc"])].append(detail)
    for path, details in by_path.items():
        if _is_of_another_form(details) and any(other[: len(path)] == path for other in by_path if other != path):
            continue  # the setting takes this or that; what is wrong with the one that was meant is told
        spot = marked.spots[path]
        named = path[:-1] if details[0]["type"] == "invalid_key" else path
        found.append(Problem(spot.line, _dotted(named), _say(model, path, details, marked)))
    return sorted(found, key=lambda one: (one.line or 0, one.path))


def _is_of_another_form(details: Sequence[Any]) -> bool:
    """Whether a section is refused only for not being the plain value that the setting takes, too."""
    return all(isinstance(one["input"], Mapping) and one["type"] in _WANTED for one in details)


def find_wrong(told: Iterable[tuple[Path, str]], marked: Marked) -> list[Problem]:
    """What is wrong at these places though the model takes it, in the order of its lines."""
    found = [Problem(marked.spots[marked.known(path)].line, _dotted(path), message) for path, message in told]
    return sorted(found, key=lambda one: (one.line or 0, one.path))


def _say(model: type[BaseModel], path: Path, details: Sequence[Any], marked: Marked) -> str:
    first = details[0]
    match first["type"]:
        case "extra_forbidden":
            return _unknown(model, path)
        case "value_error":
            return str(first["ctx"]["error"])
        case "invalid_key":
            return (
                "a key is no text (YAML takes on, off, yes, no and numbers for values); correct it, or put it in quotes"
            )
        case "missing":
            names = ", ".join(str(one["loc"][-1]) for one in details)
            return f"lacks {names}; add {'it' if len(details) == 1 else 'them'}"
    # A setting that takes this or that is refused once for each.
    wanted = list(dict.fromkeys(_wanted(model, path, one) for one in details))
    if not marked.spots[path].text and marked.spots[path].text is not None:
        return f"is empty; use {', or '.join(wanted)}, or remove it"
    return f"{_written(path, marked)} is not possible; use {', or '.join(wanted)}"


def _wanted(model: type[BaseModel], path: Path, detail: Any) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    match kind:
        case "enum" | "literal_error":
            return str(context["expected"]).replace("'", "").replace("False", "false").replace("True", "true")
        case "greater_than_equal":
            return f"{_plain(context['ge'])} or more"
        case "greater_than":
            return f"more than {_plain(context['gt'])}"
        case "less_than_equal":
            return f"{_plain(context['le'])} or less"
        case "less_than":
            return f"less than {_plain(context['lt'])}"
        case "value_error":
            return str(context["error"])
        case "missing":
            return f"settings with {detail['loc'][-1]}"
    if kind in _SECTION:
        section = _model_at(model, path)
        return f"settings, as {_example(section)}" if section else "settings, as {key: value}"
    if kind in _LIST:
        return "a list, as [one, another]"
    message: str = detail["msg"]
    return _WANTED.get(kind, message)


def _example(section: type[BaseModel]) -> str:
    """The first setting of a section with its shipped value."""
    name, one = next(iter(section.model_fields.items()))
    shipped = one.default
    plain = isinstance(shipped, str | int | float)
    return f"{{{one.alias or name}: {str(shipped).lower() if plain else '...'}}}"


def _written(path: Path, marked: Marked) -> str:
    """How the value may be called: what people wrote, unless it could be somebody's address."""
    text = marked.spots[path].text
    if text is None:
        return "a list" if (*path, 0) in marked.spots else "a section"
    if "@" in text or any(isinstance(part, str) and "@" in part for part in path):
        return "this value"
    return repr(text)


def _unknown(model: type[BaseModel], path: Path) -> str:
    name = str(path[-1])
    here = _model_at(model, path[:-1])
    names = _names(here) if here is not None else []
    near = difflib.get_close_matches(name.replace("-", "_").lower(), names, n=1)
    if near:
        return f"there is no such setting; did you mean {near[0]}?"
    if name in model.model_fields:
        return "there is no such setting here; it belongs at the top level of the file"
    elsewhere = _common(parent for parent, key in _settings(model) if key == name and parent)
    if elsewhere:
        return f"there is no such setting here; it belongs under {elsewhere}"
    far = _common((*parent, near) for parent, key in _settings(model) for near in [key] if _is_near(name, key))
    if far:
        return f"there is no such setting; did you mean {far}?"
    return f"there is no such setting; the settings here are {', '.join(names)}"


def _is_near(name: str, key: str) -> bool:
    return bool(difflib.get_close_matches(name, [key], n=1, cutoff=0.8))


def _names(model: type[BaseModel]) -> list[str]:
    """The settings of a model as people write them."""
    return [one.alias or name for name, one in model.model_fields.items()]


def _settings(
    model: type[BaseModel], parent: tuple[str, ...] = (), inside: tuple[type[BaseModel], ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every setting of a model and of the models inside it, with the path to it. `inside`: the models around it."""
    for name, one in zip(_names(model), model.model_fields.values(), strict=True):
        yield parent, name
        keys = ("*",) if get_origin(one.annotation) is Mapping else ()
        for inner in _models_in(one.annotation):
            if inner is not model and inner not in inside:  # a condition may stand in a condition
                yield from _settings(inner, (*parent, name, *keys), (*inside, model))


def _common(paths: Iterable[tuple[str, ...]]) -> str:
    """Paths of one length as one, `*` where they differ; the first one's length counts."""
    listed = list(paths)
    alike = [one for one in listed if len(one) == len(listed[0])]
    return ".".join(names.pop() if len(names) == 1 else "*" for names in map(set, zip(*alike, strict=True)))


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model of the section at a path; None where there is none."""
    here: type[BaseModel] | None = model
    is_keyed = False
    for part in path:
        if isinstance(part, int) or here is None:
            continue
        if is_keyed:  # a name of the user's own, that leads to a section
            is_keyed = False
            continue
        one = _field(here, part)
        here = next(_models_in(one.annotation), None) if one is not None else None
        is_keyed = one is not None and get_origin(one.annotation) is Mapping
    return None if is_keyed else here


def _field(model: type[BaseModel], name: str) -> FieldInfo | None:
    return dict(zip(_names(model), model.model_fields.values(), strict=True)).get(name)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from _models_in(one)


def _dotted(path: Path) -> str:
    """The path as people write it; an address in it is not shown."""
    return ".".join("<address>" if "@" in str(part) else str(part) for part in path)


def _plain(number: float) -> str:
    """A number as people write it in a file of settings: 131072000, 0.5."""
    return str(int(number)) if number == int(number) else f"{number:g}"
