"""docs/mapping.md and the shipped mappings say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import examine_configuration
from activity_sync.mapping import FieldRule, load_mapping
from activity_sync.mapping.field_settings import UNITS_MS, FieldKind, FieldSettings

_PAGE = Path(__file__).parents[2] / "docs" / "mapping.md"
_DASH = "\u2013"
_SYSTEMS = ("hubspot", "dynamics")


def _rows(activity_type: ActivityType) -> dict[str, list[str]]:
    section = _PAGE.read_text(encoding="utf-8").split(f"\n## {activity_type.capitalize()}\n")[1].split("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {row[0].strip("`"): row[1:] for row in cells[2:]}


def _rules(activity_type: ActivityType) -> Iterator[tuple[str, int, FieldRule | None]]:
    """Each field of the type, once per system, with the column of the table that shows it."""
    types = [load_mapping(system).types[activity_type] for system in _SYSTEMS]
    for name in dict.fromkeys([*types[0].fields, *types[1].fields]):
        for column, one in enumerate(types):
            yield name, column, one.fields.get(name)


def _properties(cell: str) -> tuple[set[str], set[str]]:
    """The properties named as written, and those named after "else"."""
    first, _, rest = cell.partition(" else ")
    return set(re.findall(r"`(\w+)`", first)), set(re.findall(r"`(\w+)`", rest))


@pytest.mark.parametrize("activity_type", ActivityType)
def test_page_and_mapping_have_the_same_fields(activity_type):
    assert set(_rows(activity_type)) == {name for name, _, _ in _rules(activity_type)}


@pytest.mark.parametrize("activity_type", ActivityType)
def test_page_names_every_property_of_the_mapping_and_no_other(activity_type):
    rows = _rows(activity_type)

    for name, column, rule in _rules(activity_type):
        cell = rows[name][column]
        if rule is None or not (rule.read or rule.write):
            assert cell == _DASH, (name, cell)
            continue
        written = {*rule.write, *([rule.plain_copy] if rule.plain_copy else [])}
        named, otherwise = _properties(cell)
        assert (named, otherwise) == (written or set(rule.read), set(rule.read) - written if written else set())
        assert cell.endswith(" read") == (not rule.write), name
        assert ("on create" in cell) == rule.create_only, name


@pytest.mark.parametrize("activity_type", ActivityType)
def test_page_states_the_limits_of_the_mapping(activity_type):
    rows = _rows(activity_type)
    stated = {
        (name, system.lower()): int(number.replace(",", ""))
        for name, cells in rows.items()
        for system, number in re.findall(r"(HubSpot|Dynamics) ([\d,]+)", cells[4])
    }
    ruled = {
        (name, _SYSTEMS[column]): rule.limit
        for name, column, rule in _rules(activity_type)
        if rule is not None and rule.limit is not None
    }

    assert stated == ruled


@pytest.mark.parametrize("activity_type", ActivityType)
def test_page_shows_the_way_that_the_mapping_goes(activity_type):
    hubspot, dynamics = (load_mapping(system).types[activity_type] for system in _SYSTEMS)
    stamped = {stamp.moment for rule in dynamics.fields.values() for stamp in rule.stamps}

    for name, cells in _rows(activity_type).items():
        here, there = hubspot.fields.get(name), dynamics.fields.get(name)
        both = here is not None and there is not None
        to_dynamics = (both and bool(there.write or there.kind == "translator")) or (
            here is not None and name in stamped
        )
        to_hubspot = both and bool(here.write)
        arrow = {(True, True): "↔", (True, False): "→", (False, True): "←", (False, False): _DASH}
        assert cells[2] == arrow[to_dynamics, to_hubspot], name


@pytest.mark.parametrize("activity_type", ActivityType)
def test_page_names_what_is_stamped_at_completion(activity_type):
    rows = _rows(activity_type)

    for _, _, rule in _rules(activity_type):
        for stamp in rule.stamps if rule else ():
            assert f"`{stamp.column}`" in rows[stamp.moment][3]


@pytest.mark.parametrize("activity_type", ActivityType)
def test_page_admits_every_neighbouring_value(activity_type):
    rows = _rows(activity_type)

    for name, _, rule in _rules(activity_type):
        for choice in rule.choices if rule else ():
            if choice.loss:
                assert str(choice.value).replace("_", " ") in rows[name][5], (name, choice.value)


# --- mapping by configuration ------------------------------------------------------------------------------------


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", _PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", _blocks("yaml"))
def test_every_example_of_the_page_is_a_configuration(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (function,) = _blocks("python")
    (tmp_path / "crm_fields.py").write_text(function, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "sync.yaml").write_text(example, encoding="utf-8")

    configuration, problems = examine_configuration(tmp_path / "sync.yaml")

    assert problems == ()
    assert configuration is not None
    assert {configuration.mapping(one).revision for one in _SYSTEMS} != {load_mapping(one).revision for one in _SYSTEMS}


def test_page_names_every_setting_of_a_field_and_every_kind_and_unit() -> None:
    page = _PAGE.read_text(encoding="utf-8").split("\n## All settings of a field\n")[1].split("\n## ")[0]

    named = set(re.findall(r"`(\w+)`", page))
    settings = {one.alias or name for name, one in FieldSettings.model_fields.items()}
    assert settings | set(FieldKind) | set(UNITS_MS) <= named
