"""What other tools' environments are made from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.peers import tools

REQUIREMENTS = Path(tools.__file__).parent / "requirements"


@pytest.mark.parametrize("tool", [one for one in (*tools.CARRIERS, *tools.EXTRACTORS) if one.requirements])
def test_requirements_are_names_and_versions_alone(tool):
    pinned = (REQUIREMENTS / f"{tool.requirements}.txt").read_text(encoding="utf-8").splitlines()

    assert pinned
    assert [line for line in pinned if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_no_requirements_are_left_over():
    assert {one.stem for one in REQUIREMENTS.iterdir()} == {
        one.requirements for one in (*tools.CARRIERS, *tools.EXTRACTORS) if one.requirements
    }
