"""The environment: defaults, what is refused, what is never shown, and the key of the home."""

from __future__ import annotations

import stat
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from activity_sync.errors import ConfigurationError
from activity_sync.settings import PROJECT_ROOT, Settings, fingerprint_key


def test_empty_environment_gives_the_shipped_settings():
    settings = Settings.from_environ({})

    assert settings.hubspot.base_url == "https://api.hubapi.com"
    assert settings.hubspot.api_version == "2026-09"
    assert settings.dynamics.authority == "https://login.microsoftonline.com"
    assert settings.config_path == PROJECT_ROOT / "activity_sync" / "sync.yaml"
    assert settings.home == PROJECT_ROOT / ".activity_sync"
    assert settings.ledger_url == f"sqlite:///{settings.home / 'ledger.sqlite'}"
    assert settings.staging == str(settings.home / "staging")
    assert settings.dagster_home == PROJECT_ROOT


def test_home_moves_what_lies_in_it(tmp_path):
    settings = Settings.from_environ({"ACTIVITY_SYNC_HOME": str(tmp_path)})

    assert settings.ledger_url == f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    assert settings.staging == str(tmp_path / "staging")


def test_staging_may_be_a_relative_folder_or_an_object_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert Settings.from_environ({"ACTIVITY_SYNC_STAGING": "here"}).staging == str(tmp_path / "here")
    assert Settings.from_environ({"ACTIVITY_SYNC_STAGING": "s3://bucket/x"}).staging == "s3://bucket/x"


def test_token_address_and_scope_follow_from_the_parts():
    dynamics = Settings.from_environ(
        {"DYNAMICS_URL": "https://org.crm.dynamics.com/", "DYNAMICS_TENANT_ID": "a/b"}
    ).dynamics

    assert dynamics.token_url == "https://login.microsoftonline.com/a%2Fb/oauth2/v2.0/token"
    assert dynamics.scope == "https://org.crm.dynamics.com/.default"


@pytest.mark.parametrize("name", ["HUBSPOT_BASE_URL", "DYNAMICS_URL", "DYNAMICS_AUTHORITY"])
@pytest.mark.parametrize(
    "value",
    [
        "http://api.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "ftp://127.0.0.1",
        "api.example.com",
        "https://",
        "https://user:pw@example.com",
        "https://example.com:port",
        "https://example.com/?a=b",
    ],
)
def test_address_that_cannot_be_used_is_refused_by_name(name, value):
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environ({name: value})

    assert caught.value.setting == name
    assert name in str(caught.value)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("value", ["http://127.0.0.1:8001", "http://localhost:8001", "http://[::1]:8001"])
def test_plain_http_is_for_loopback(value):
    assert Settings.from_environ({"HUBSPOT_BASE_URL": value + "/"}).hubspot.base_url == value


def test_unknown_api_version_is_refused():
    with pytest.raises(ConfigurationError, match="2026-03"):
        Settings.from_environ({"HUBSPOT_API_VERSION": "v1"})


COMPLETE = {
    "HUBSPOT_ACCESS_TOKEN": "pat-secret-1",
    "DYNAMICS_URL": "https://org.crm.dynamics.com",
    "DYNAMICS_TENANT_ID": "tenant",
    "DYNAMICS_CLIENT_ID": "client",
    "DYNAMICS_CLIENT_SECRET": "secret-2",
    "ACTIVITY_SYNC_KEY": "secret-3",
    "ACTIVITY_SYNC_LEDGER_URL": "postgresql://sync:secret-4@db/ledger",
}


@pytest.mark.parametrize("name", [name for name in COMPLETE if not name.startswith("ACTIVITY")])
def test_missing_credential_is_named_when_the_system_is_opened(name):
    settings = Settings.from_environ({**COMPLETE, name: " "})
    system = settings.hubspot if name.startswith("HUBSPOT") else settings.dynamics

    with pytest.raises(ConfigurationError) as caught:
        system.require()

    assert caught.value.setting == name


def test_complete_credentials_open_both_systems():
    settings = Settings.from_environ(COMPLETE)

    assert settings.hubspot.require() is settings.hubspot
    assert settings.dynamics.require() is settings.dynamics


def test_no_secret_is_shown():
    shown = repr(Settings.from_environ(COMPLETE))

    assert "secret" not in shown.replace("client_secret", "")


def test_credential_with_a_line_break_inside_is_refused_unquoted():
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environ({"HUBSPOT_ACCESS_TOKEN": "pat-\nsecret"})

    assert "secret" not in str(caught.value)


def test_line_break_at_the_end_of_a_credential_does_no_harm():
    assert Settings.from_environ({"HUBSPOT_ACCESS_TOKEN": "pat-1\n"}).hubspot.access_token == "pat-1"


def test_key_of_the_environment_wins(tmp_path):
    settings = Settings.from_environ({"ACTIVITY_SYNC_HOME": str(tmp_path), "ACTIVITY_SYNC_KEY": "k"})

    assert fingerprint_key(settings) == b"k"
    assert list(tmp_path.iterdir()) == []


def _key_of(home: Path) -> bytes:
    return fingerprint_key(Settings.from_environ({"ACTIVITY_SYNC_HOME": str(home)}))


def test_processes_that_arrive_together_share_one_private_key(tmp_path):
    home = tmp_path / "home"

    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as processes:
        keys = set(processes.map(_key_of, [home] * 16))

    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert [path.name for path in home.iterdir()] == ["key"]
    assert stat.S_IMODE((home / "key").stat().st_mode) == 0o600


def test_empty_key_file_is_not_replaced(tmp_path):
    (tmp_path / "key").touch()
    settings = replace(Settings.from_environ({}), home=tmp_path)

    with pytest.raises(ConfigurationError, match="ACTIVITY_SYNC_KEY"):
        fingerprint_key(settings)


def test_home_that_cannot_be_written_names_the_remedy(tmp_path):
    (tmp_path / "file").touch()
    settings = replace(Settings.from_environ({}), home=tmp_path / "file")

    with pytest.raises(ConfigurationError, match="ACTIVITY_SYNC_HOME"):
        fingerprint_key(settings)
