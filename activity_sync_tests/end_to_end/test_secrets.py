"""No secret is found in anything that a sync, a check or a failure writes or prints."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
import pytest

from activity_sync_tests.cli.commands import activity_sync, closed_port, in_this_process
from activity_sync_tests.end_to_end.bridge import Bridge, ago, dynamics_people, hubspot_people
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

MARK = "zq9"
TOKEN = f"pat-{MARK}-hubspot-token"
SECRET = f"{MARK}~dynamics.client-secret"
KEY = f"{MARK}-fingerprint-key"
PASSWORD = f"{MARK}-smtp-password"
WRONG = f"{MARK}-wrong"
DATABASE = f"{MARK}-database-password"
ISSUED = re.compile(r"sandbox\.[A-Za-z0-9_-]{32}")
"""What the sandbox's token host gives out."""


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    """An installation whose every secret has the mark, two of them in files."""
    settings = {"hubspot_access_token": TOKEN, "dynamics_client_secret": SECRET}
    for bridge in make_bridge(tmp_path, monkeypatch, settings=settings):
        secrets = tmp_path / "secrets"
        secrets.mkdir(mode=0o700)
        (secrets / "token").write_text(TOKEN + "\n", encoding="ascii")
        (secrets / "key").write_text(KEY + "\n", encoding="ascii")
        bridge.environ.pop("HUBSPOT_ACCESS_TOKEN")
        bridge.environ |= {
            "HUBSPOT_ACCESS_TOKEN_FILE": str(secrets / "token"),
            "ACTIVITY_SYNC_KEY_FILE": str(secrets / "key"),
            "DYNAMICS_CLIENT_SECRET": SECRET,
            "ACTIVITY_SYNC_SMTP_PASSWORD": PASSWORD,
            "ACTIVITY_SYNC_SLACK_URL": f"http://127.0.0.1:{closed_port()}/services/{MARK}-slack",
        }
        bridge.configure("alerts: {to: [slack]}\n")
        bridge.seed({"hubspot": hubspot_people(), "dynamics": dynamics_people()})
        bridge.seed({"hubspot": hubspot_activities("task", [ago(minutes=5)])})
        yield bridge


@pytest.mark.slow
def test_no_secret_is_found_in_what_is_written_or_printed(marked: Bridge, monkeypatch: pytest.MonkeyPatch):
    done = [activity_sync(marked.environ, "check", "--fix"), activity_sync(marked.environ, "sync", "--json")]
    assert [one.returncode for one in done] == [0, 0], done[1].stdout + done[1].stderr
    printed = [one.stdout + one.stderr for one in done]
    for changed in failures():
        for arguments in (("sync", "--json"), ("sync",), ("check",)):
            code, out, err = in_environment(monkeypatch, {**marked.environ, **changed}, *arguments)
            assert code in {2, 3}, (changed, arguments, out, err)
            printed.append(out + err)

    written = dict(contents(marked.home))

    # The search finds what is there: the account in the ledger, what was read in staging, the runs in Dagster.
    assert "8727216" in written["home/ledger.sqlite"]
    assert any(name.endswith(".parquet") and "hs_task_subject" in text for name, text in written.items())
    assert any(name.startswith("dagster/") and "load_results" in text for name, text in written.items())
    assert [name for name, text in written.items() if MARK in text] == []
    assert [name for name, text in written.items() if ISSUED.search(text)] == []
    assert not [text for text in printed if MARK in text or ISSUED.search(text)]


def failures() -> list[dict[str, str]]:
    """Environments in which a command fails, each with a marked secret in play. "" counts as not set."""
    unreachable = f"http://127.0.0.1:{closed_port()}"
    return [
        {"DYNAMICS_CLIENT_SECRET": WRONG},
        {"DYNAMICS_CLIENT_SECRET": f"{WRONG}é"},
        {"HUBSPOT_ACCESS_TOKEN": WRONG},
        {"HUBSPOT_ACCESS_TOKEN": WRONG, "HUBSPOT_ACCESS_TOKEN_FILE": ""},
        {"HUBSPOT_BASE_URL": unreachable},
        {"DYNAMICS_AUTHORITY": unreachable},
        {"DYNAMICS_URL": f"https://user:{WRONG}@org.crm.dynamics.com"},
        {"ACTIVITY_SYNC_LEDGER_URL": f"postgresql+psycopg://sync:{DATABASE}@127.0.0.1:{closed_port()}/ledger"},
        {"ACTIVITY_SYNC_LEDGER_URL": f"oracle://sync:{DATABASE}@127.0.0.1/ledger"},
        {"ACTIVITY_SYNC_LEDGER_URL": f"{DATABASE} is no URL"},
        {"ACTIVITY_SYNC_STAGING": f"s3://key:{DATABASE}@bucket/path"},
    ]


def in_environment(
    monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str], *arguments: str
) -> tuple[int, str, str]:
    """One command in this process, with exactly these of our variables."""
    with monkeypatch.context() as patched:
        for name in [one for one in os.environ if one.startswith(("HUBSPOT_", "DYNAMICS_", "ACTIVITY_SYNC_"))]:
            patched.delenv(name)
        for name, value in environ.items():
            patched.setenv(name, value)
        return in_this_process(*arguments)


def contents(root: Path) -> Iterator[tuple[str, str]]:
    """Name and text of every file below a folder but for the secrets': databases and Parquet files unpacked."""
    for path in root.rglob("*"):
        if not path.is_file() or path.parent.name == "secrets":
            continue
        text = path.read_bytes().decode("utf-8", errors="replace") + path.name
        if path.suffix == ".parquet":
            text += pd.read_parquet(path).to_json()
        if path.suffix in {".db", ".sqlite"}:
            with sqlite3.connect(path) as connection:
                text += "\n".join(connection.iterdump())
        yield str(path.relative_to(root)), text
