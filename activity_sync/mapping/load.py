"""Loads a system's mapping: the shipped YAML, or one that reads the same."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ValidationError

from activity_sync.errors import ConfigurationError
from activity_sync.mapping.rules import SystemMapping

# libyaml where PyYAML was built with it: reading the mappings costs each process a third of a second otherwise.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def load_mapping(system: str) -> SystemMapping:
    """The shipped mapping of `system`. ConfigurationError when there is none."""
    name = f"{system}.yaml"
    source = files("activity_sync.mapping") / "defaults" / name
    if not source.is_file():
        raise ConfigurationError(f"there is no mapping for the system {system!r}", setting=f"mapping/defaults/{name}")
    return parse_mapping(source.read_text(encoding="utf-8"), name=f"mapping/defaults/{name}")


def parse_mapping(text: str, *, name: str) -> SystemMapping:
    """The mapping written in `text`. ConfigurationError naming file, type, field and key of all that is wrong."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe one either way
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{name} is not YAML{line}", setting=name) from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"{name} must be a mapping with `system`, `notation` and `types`", setting=name)
    try:
        return SystemMapping.model_validate(_with_shared_keys(document))
    except ValidationError as error:
        problems = "; ".join(_problem(one) for one in error.errors(include_url=False, include_input=False))
        raise ConfigurationError(f"{name}: {problems}", setting=name) from error


def _with_shared_keys(document: dict[str, Any]) -> dict[str, Any]:
    """Every type carries its system, its own name and the notation, which the file says once."""
    rest = {key: value for key, value in document.items() if key != "notation"}
    types = document.get("types")
    if not isinstance(types, dict):
        return rest
    shared = {"system": document.get("system"), "notation": document.get("notation")}
    rest["types"] = {
        name: {**shared, "type": name, **one} if isinstance(one, dict) else one for name, one in types.items()
    }
    return rest


def _problem(error: Any) -> str:
    """`task.subject.limit: Input should be a valid integer`, from pydantic's location of it."""
    location = [str(part) for part in error["loc"]]
    inner = [part for part in location if part not in {"types", "fields"}]
    return f"{'.'.join(inner or location) or 'mapping'}: {error['msg']}"
