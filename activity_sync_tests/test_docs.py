"""The documentation names everything a user can set or call, and its links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.cli.main import cli
from activity_sync.configuration import (
    Configuration,
    FlowsConfig,
    LimitsConfig,
    OwnersConfig,
    SafeguardsConfig,
    TrackingConfig,
    TwinsConfig,
    TypeConfig,
)

_ROOT = Path(__file__).parents[1]
_README = _ROOT / "README.md"
_ARCHITECTURE = _ROOT / "docs" / "architecture.md"
_PAGES = sorted([_README, *(_ROOT / "docs").rglob("*.md")])
_EVERYWHERE = {"--help", "-h"}


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _code(page: Path) -> str:
    """What stands in code spans and code blocks: the only places where a name counts as documented."""
    blocks = re.findall(r"^```.*?^```", _text(page), re.DOTALL | re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", _text(page), flags=re.DOTALL | re.MULTILINE))
    return "\n".join([*blocks, *spans])


def _names(text: str) -> set[str]:
    return set(re.findall(r"[\w.-]+", text))


# --- commands ----------------------------------------------------------------------------------------------------


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))


_COMMANDS = [pytest.param(path, command, id=" ".join(path)) for path, command in _commands(cli)]


def _rows_of(command: tuple[str, ...]) -> str:
    """The lines of the README's table of commands that are about this one."""
    table = _text(_README).split("\n## Commands\n")[1].split("\n## ")[0]
    return "\n".join(line for line in table.splitlines() if line.startswith(f"| `activity-sync {' '.join(command)}"))


@pytest.mark.parametrize(("path", "command"), _COMMANDS)
def test_every_command_stands_in_the_table_of_commands(path, command):
    assert _rows_of(path), f"README.md, Commands: a row for `activity-sync {' '.join(path)}`"
    assert command.get_short_help_str(), "a command says what it does"


@pytest.mark.parametrize(("path", "command"), _COMMANDS)
def test_every_option_stands_in_the_row_of_its_command(path, command):
    options = {name for one in command.params if isinstance(one, click.Option) for name in one.opts} - _EVERYWHERE

    assert options <= _names(_rows_of(path))


def test_the_options_of_the_program_itself_are_named():
    options = {name for one in cli.params if isinstance(one, click.Option) for name in one.opts}

    assert options <= _names(_code(_README))


def test_the_table_of_commands_names_no_other_command():
    table = _text(_README).split("\n## Commands\n")[1].split("\n## ")[0]
    named = {row.split()[0] for row in re.findall(r"^\| `activity-sync ([^`]+)`", table, re.MULTILINE)}

    assert named == set(cli.commands)


# --- environment and configuration -------------------------------------------------------------------------------


def _variables_read() -> set[str]:
    source = (_ROOT / "activity_sync" / "settings.py").read_text(encoding="utf-8")
    return set(re.findall(r'"((?:HUBSPOT|DYNAMICS|ACTIVITY_SYNC|DAGSTER)_[A-Z_]+)"', source))


def test_the_environment_table_is_what_settings_read():
    section = _text(_README).split("\n### 3. The environment\n")[1].split("\n### ")[0]
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE))

    assert table == _variables_read()


def _keys_in(table: str) -> set[str]:
    """The first cells of a table of the section about the configuration, which begins after this line."""
    section = _text(_ARCHITECTURE).split("\n## Configuration\n")[1]
    return set(re.findall(r"^\| `(\w+)` \|", section.split(table)[1].split("\n\n|")[1].split("\n\n")[0], re.MULTILINE))


def test_every_top_level_key_of_the_configuration_is_documented():
    assert _keys_in("Shipped:") == set(Configuration.model_fields)


def test_every_key_of_a_type_is_documented():
    assert _keys_in("Per type,") == set(TypeConfig.model_fields)


@pytest.mark.parametrize("section", [OwnersConfig, LimitsConfig, SafeguardsConfig, TrackingConfig, TwinsConfig])
def test_every_key_of_a_smaller_section_is_named(section):
    assert set(section.model_fields) <= _names(_code(_ARCHITECTURE))


def test_flows_and_types_are_named():
    assert set(FlowsConfig.model_fields) <= _names(_code(_ARCHITECTURE))
    assert set(ActivityType) <= _names(_text(_README))


# --- dependencies and links --------------------------------------------------------------------------------------


def _declared() -> set[str]:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for some in project["optional-dependencies"].values() for one in some]
    return {re.split(r"[^\w.-]", one, maxsplit=1)[0].lower() for one in [*project["dependencies"], *extras]}


def test_the_page_of_dependencies_lists_what_pyproject_declares():
    rows = re.findall(r"^\| `([\w.-]+)` \|", _text(_ROOT / "docs" / "dependencies.md"), re.MULTILINE)

    assert sorted(rows) == sorted(_declared())


def _anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    outside = re.sub(r"^```.*?^```", "", _text(page), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", outside, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _links(page: Path) -> list[str]:
    outside = re.sub(r"^```.*?^```", "", _text(page), flags=re.DOTALL | re.MULTILINE)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", outside) if "://" not in link]


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.relative_to(_ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page):
    for link in _links(page):
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def test_every_decision_is_in_the_list_of_decisions():
    folder = _ROOT / "docs" / "decisions"

    assert {page.name for page in folder.glob("0*.md")} == set(_links(folder / "README.md"))
