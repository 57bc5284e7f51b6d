"""A secret in a variable, or in the file that another variable names."""

from __future__ import annotations

from pathlib import Path

import pytest

from activity_sync.errors import ConfigurationError
from activity_sync.settings import IN_FILES, Settings

SECRET = "pat-secret-1"


def read(environ: dict[str, str], name: str) -> str:
    settings = Settings.from_environ(environ)
    return {
        "HUBSPOT_ACCESS_TOKEN": settings.hubspot.access_token,
        "DYNAMICS_CLIENT_SECRET": settings.dynamics.client_secret,
        "ACTIVITY_SYNC_KEY": settings.key,
        "ACTIVITY_SYNC_SMTP_PASSWORD": settings.alerts.smtp_password,
    }[name]


@pytest.mark.parametrize("name", IN_FILES)
@pytest.mark.parametrize("content", [SECRET, f"{SECRET}\n", f"  {SECRET}\r\n\n"])
def test_a_file_holds_the_secret_blanks_at_its_ends_do_not_count(tmp_path: Path, name: str, content: str):
    path = tmp_path / "secret"
    path.write_text(content, encoding="ascii")

    assert read({IN_FILES[name]: str(path)}, name) == SECRET


@pytest.mark.parametrize("name", IN_FILES)
def test_a_variable_and_its_file_together_are_an_error(tmp_path: Path, name: str):
    path = tmp_path / "secret"
    path.write_text(SECRET, encoding="ascii")

    with pytest.raises(ConfigurationError) as caught:
        read({name: SECRET, IN_FILES[name]: str(path)}, name)

    assert caught.value.setting == IN_FILES[name]
    assert name in caught.value.message
    assert "unset one of them" in caught.value.message
    assert SECRET not in caught.value.message


@pytest.mark.parametrize("name", IN_FILES)
@pytest.mark.parametrize("file", ["missing", "empty", "folder"])
def test_a_file_without_a_secret_is_named_with_its_variable(tmp_path: Path, name: str, file: str):
    (tmp_path / "empty").write_text(" \n", encoding="ascii")
    (tmp_path / "folder").mkdir()

    with pytest.raises(ConfigurationError) as caught:
        read({IN_FILES[name]: str(tmp_path / file)}, name)

    assert caught.value.setting == IN_FILES[name]
    assert str(tmp_path / file) in caught.value.message


@pytest.mark.parametrize("name", ["HUBSPOT_ACCESS_TOKEN", "DYNAMICS_CLIENT_SECRET"])
def test_characters_that_no_credential_has_are_refused_unquoted(tmp_path: Path, name: str):
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n{SECRET}é", encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        read({IN_FILES[name]: str(path)}, name)

    assert caught.value.setting == IN_FILES[name]
    assert SECRET not in caught.value.message


def test_an_empty_file_variable_counts_as_not_set():
    assert read({"HUBSPOT_ACCESS_TOKEN": SECRET, "HUBSPOT_ACCESS_TOKEN_FILE": " "}, "HUBSPOT_ACCESS_TOKEN") == SECRET
