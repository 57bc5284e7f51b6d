"""YAML with the place of everything in it. Pure.

As PyYAML's safe loader reads it, but for three things that would be misread in silence: a key that stands twice in one
mapping is told, `12:30` is a text and not a number to the base of 60, and a day that no calendar has stays a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Path = tuple[str | int, ...]

_MERGE = "tag:yaml.org,2002:merge"

_HINTS = (
    (r"'\t'", "indent with blanks, not with tabs"),
    ("'@'", "put a text that begins with @ in quotes"),
    ("'`'", "put a text that begins with ` in quotes"),
    ("'%'", "put a text that begins with % in quotes"),
    (
        "mapping values are not allowed here",
        "does the line above lack its colon, is one indented too far, or does a text with `: ` lack its quotes?",
    ),
    ("could not find expected ':'", "each line of a section is `key: value`"),
    ("expected ',' or '}'", "close the {{ of line {opened}, or put a comma between its settings"),
    ("expected ',' or ']'", "close the [ of line {opened}, or put a comma between its entries"),
    ("but found ':'", "a key has a name before its colon"),
    ("expected <block end>", "lines of one section begin in the same column"),
    ("found unexpected end of stream", "close the quote of line {opened}"),
    ("found undefined alias", "a text that begins with * needs quotes"),
    ("could not determine a constructor", "remove the tag that begins with !"),
    ("found unhashable key", "a key is a single word"),
    ("expected a single document", "one file holds one configuration: remove the line ---"),
)


class NotYaml(ValueError):
    """The text is no YAML. `line` counts from 1; None where it is not known. The message says what would be right."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands: the line of its key, or its own, from 1; None where nobody wrote a line.

    `text`: a single value as it is written.
    """

    line: int | None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Twice:
    """A key that its mapping has already."""

    path: Path
    line: int
    first_line: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A document: its value, where each part of it stands, and keys that stand twice (the last one counts)."""

    value: Any
    spots: Mapping[Path, Spot] = field(default_factory=dict)
    twice: tuple[Twice, ...] = ()

    def known(self, location: Path) -> Path:
        """The longest path inside the document that a location leads along; names that are no keys are stepped over."""
        path: Path = ()
        for part in location:
            if (*path, part) in self.spots:
                path = (*path, part)
        return path


def read_marked(text: str) -> Marked:
    """The document. An empty text has the value None. Raises NotYaml."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return Marked(None)
        spots: dict[Path, Spot] = {(): Spot(node.start_mark.line + 1)}
        twice = tuple(_walk(loader, node, (), spots))
        return Marked(loader.construct_document(node), spots, twice)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotYaml("a character that no text file has: remove it", line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "it cannot be read"
        told = ", ".join(one for one in (error.context, problem) if one)
        hint = next((hint for words, hint in _HINTS if words in told), "")
        hint = hint.format(opened=error.context_mark.line + 1 if error.context_mark else "?")
        message = f"this is no YAML ({told})" + (f"; {hint}" if hint else "")
        raise NotYaml(message, mark.line + 1 if mark else None) from None


def mark_values(document: Any) -> Marked:
    """A document that was not read from a text: nothing in it has a line."""
    return Marked(document, dict(_walk_values(document, ())))


def _walk_values(value: Any, path: Path) -> Iterator[tuple[Path, Spot]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    yield path, Spot(None, None if isinstance(value, dict | list | tuple) else str(value))
    for part, one in inner:
        yield from _walk_values(one, (*path, part))


def _walk(
    loader: yaml.SafeLoader, node: Node, path: Path, spots: dict[Path, Spot], inside: tuple[Node, ...] = ()
) -> Iterator[Twice]:
    """The keys that stand twice; `spots` is filled on the way. `inside`: the nodes around this one."""
    if any(one is node for one in inside):
        raise NotYaml(
            "an alias (*) leads back to a section that it stands in; write out what it stands for",
            node.start_mark.line + 1,
        )
    inside = (*inside, node)
    match node:
        case MappingNode():
            for key, value in node.value:
                if key.tag == _MERGE:
                    # What is merged in stands where it was written, unless this mapping says otherwise below.
                    for merged in value.value if isinstance(value, SequenceNode) else [value]:
                        list(_walk(loader, merged, path, spots, inside))
            seen: dict[str | int, int] = {}
            for key, value in node.value:
                if not isinstance(key, ScalarNode) or key.tag == _MERGE:
                    continue
                name = loader.construct_object(key)
                name = name if isinstance(name, str | int) else str(key.value)
                line = key.start_mark.line + 1
                if name in seen:
                    yield Twice((*path, name), line, seen[name])
                seen[name] = line
                spots[*path, name] = Spot(line, _text(value))
                yield from _walk(loader, value, (*path, name), spots, inside)
        case SequenceNode():
            for number, item in enumerate(node.value):
                spots[*path, number] = Spot(item.start_mark.line + 1, _text(item))
                yield from _walk(loader, item, (*path, number), spots, inside)


def _text(node: Node) -> str | None:
    return str(node.value) if isinstance(node, ScalarNode) else None


class _Loader(yaml.SafeLoader):
    """The safe loader, less its surprises."""


def _number(loader: yaml.SafeLoader, node: ScalarNode) -> int | str:
    try:
        return str(node.value) if ":" in node.value else loader.construct_yaml_int(node)
    except ValueError:
        return str(node.value)


def _fraction(loader: yaml.SafeLoader, node: ScalarNode) -> float | str:
    return str(node.value) if ":" in node.value else loader.construct_yaml_float(node)


def _moment(loader: yaml.SafeLoader, node: ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:int", _number)
_Loader.add_constructor("tag:yaml.org,2002:float", _fraction)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _moment)
