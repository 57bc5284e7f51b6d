"""A user's own functions are found by module or by entry point, and fail only the record they are called for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from activity_sync.activities.activity import RichText
from activity_sync.mapping.functions import GROUP, call_function, find_function


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with one entry point, `loud`."""
    (tmp_path / "acme_fields.py").write_text(
        "from datetime import datetime\n"
        "class Group:\n    def loud(value, fields): return value.upper() + fields['body']\n"
        "def broken(value, fields): raise RuntimeError(value)\n"
        "def local_time(value, fields): return datetime(2026, 1, 1)\n"
        "def half(value, fields): return value / 2\n"
        "number = 7\n",
        encoding="utf-8",
    )
    told = tmp_path / "acme_fields-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-fields\nVersion: 1.0\n", encoding="utf-8")
    (told / "entry_points.txt").write_text(f"[{GROUP}]\nloud = acme_fields:Group.loud\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["loud", "acme_fields:Group.loud"])
def test_a_function_gets_the_value_and_the_fields_with_bodies_as_text(name: str):
    assert call_function(name, "ab", {"body": RichText("<p>Cd</p>", html=True)}) == "ABCd"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("quiet", "no installed package has an entry point 'quiet' .*there are: loud"),
        ("nowhere:loud", "'nowhere' cannot be imported"),
        ("acme_fields:quiet", "has no function 'quiet'"),
        ("acme_fields:number", "is no function"),
        ("acme_fields:", "has no function ''"),
    ],
)
def test_what_is_not_there_is_told_with_what_would_be_right(name: str, says: str):
    with pytest.raises(ValueError, match=says):
        find_function(name)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("acme_fields:broken", "secret", r"fail \(RuntimeError\)"),
        ("acme_fields:local_time", "secret", "return a datetime"),
        ("acme_fields:half", float("inf"), "is not a number"),
    ],
)
def test_a_failure_names_the_function_and_not_the_value(name: str, value: Any, says: str):
    with pytest.raises(ValueError, match=says) as caught:
        call_function(name, value, {})

    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("installed")
def test_a_number_is_kept_as_it_is_written():
    assert call_function("acme_fields:half", 3, {"time": datetime(2026, 1, 1, tzinfo=UTC)}) == "1.5"
