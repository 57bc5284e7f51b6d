"""Both servers over real HTTP, and Microsoft's own Python client against the Dynamics one."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError

from activity_sync.sandbox.serve import RunningSandboxes, start_sandboxes


class SandboxCredential:
    """Client credentials over plain HTTP calls: what azure-identity does, without its fixed hosts."""

    def __init__(self, environment: dict[str, str], ca_file: Path) -> None:
        self._environment = environment
        self._ca_file = ca_file

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        given = self._environment
        answered = httpx.post(
            f"{given['DYNAMICS_AUTHORITY']}/{given['DYNAMICS_TENANT_ID']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": given["DYNAMICS_CLIENT_ID"],
                "client_secret": given["DYNAMICS_CLIENT_SECRET"],
                "scope": scopes[0],
            },
            verify=_context(self._ca_file),
        )
        token = answered.json()
        return AccessToken(token["access_token"], int(time.time()) + token["expires_in"])


def _context(ca_file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_file))


@pytest.fixture(scope="module")
def secure() -> Iterator[RunningSandboxes]:
    with start_sandboxes(tls=True) as running:
        yield running


@pytest.fixture
def client(secure: RunningSandboxes, monkeypatch: pytest.MonkeyPatch) -> DataverseClient:
    assert secure.ca_file is not None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secure.ca_file))
    environment = secure.environment
    return DataverseClient(environment["DYNAMICS_URL"], SandboxCredential(environment, secure.ca_file))


def test_official_client_creates_reads_updates_deletes(client: DataverseClient) -> None:
    task = client.records.create("task", {"subject": "from the client"})
    client.records.update("task", task, {"description": "text"})

    read = client.records.retrieve("task", task, select=["subject", "description"])
    assert read is not None
    assert (read["subject"], read["description"]) == ("from the client", "text")
    client.records.delete("task", task)
    assert client.records.retrieve("task", task) is None


def test_official_client_creates_many_and_pages_through_them(client: DataverseClient) -> None:
    made = client.records.create("contact", [{"lastname": f"Client {number}"} for number in range(7)])
    pages = list(
        client.records.list_pages("contact", filter="startswith(lastname,'client')", orderby=["lastname"], page_size=3)
    )

    assert len(made) == 7
    assert [len(page) for page in pages] == [3, 3, 1]


def test_official_client_runs_change_sets(client: DataverseClient) -> None:
    batch = client.batch.new()
    with batch.changeset() as changes:
        task = changes.records.create("task", {"subject": "atomic"})
        changes.records.update("task", task, {"statecode": 1, "statuscode": 5})
    done = batch.execute()

    assert not done.has_errors
    row = next(iter(client.records.list("task", filter="subject eq 'atomic'")))
    assert row["statecode"] == 1

    failing = client.batch.new()
    with failing.changeset() as changes:
        changes.records.create("task", {"subject": "never"})
        changes.records.create("task", {"subject": "x" * 201})
    failed = failing.execute(continue_on_error=True)

    assert failed.has_errors
    assert list(client.records.list("task", filter="subject eq 'never'")) == []


def test_official_client_makes_columns_and_keys(client: DataverseClient) -> None:
    client.tables.add_columns("phonecall", {"as_SourceId": "string"})
    client.tables.create_alternate_key("phonecall", "as_sourcekey", ["as_sourceid"])
    client.records.create("phonecall", {"subject": "keyed", "as_sourceid": "hubspot:1"})

    assert [key.key_attributes for key in client.tables.get_alternate_keys("phonecall")] == [["as_sourceid"]]
    names = {column["LogicalName"] for column in client.tables.list_columns("phonecall", select=["LogicalName"])}
    assert {"as_sourceid", "phonenumber", "subject"} <= names


def test_official_client_tells_the_platforms_errors(client: DataverseClient) -> None:
    with pytest.raises(HttpError) as told:
        client.records.create("task", {"subject": "x" * 201})

    assert told.value.status_code == 400
    assert told.value.details["service_error_code"] == "0x80044331"


def test_environment_names_the_authority_file(secure: RunningSandboxes) -> None:
    environment = secure.environment

    assert environment["DYNAMICS_URL"].startswith("https://localhost:")
    assert Path(environment["SSL_CERT_FILE"]).read_text().startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize(("kind", "applied"), [("drop_before", 0), ("drop_after", 1), ("truncate", 1)])
def test_cut_connections_are_cut_for_real(secure: RunningSandboxes, kind: str, applied: int) -> None:
    url = secure.environment["DYNAMICS_URL"]
    assert secure.ca_file is not None
    credential = SandboxCredential(secure.environment, secure.ca_file)
    headers = {
        "Authorization": f"Bearer {credential.get_token(f'{url}/.default').token}",
        "Prefer": "return=representation",
    }
    with httpx.Client(verify=_context(secure.ca_file), headers=headers) as client:
        client.post(f"{url}/_sandbox/reset")
        client.post(f"{url}/_sandbox/faults", json={"kind": kind, "method": "POST", "times": 1})
        with pytest.raises(httpx.TransportError):
            client.post(f"{url}/api/data/v9.2/tasks", json={"subject": "t"})

        assert len(client.get(f"{url}/api/data/v9.2/tasks").json()["value"]) == applied


def test_seed_reaches_both_sides() -> None:
    seed = {
        "dynamics": {"records": {"contact": [{"lastname": "Fogg"}]}},
        "hubspot": {"objects": {}, "associations": []},
    }
    with start_sandboxes(seed=seed, settings={"latency_ms": 1}) as running:
        assert len(running.dynamics.store.dump()["rows"]["contact"]) == 1
        assert running.hubspot.controls.settings.latency_ms == 1
        with pytest.raises(ValueError, match="pipedrive"):
            running.load({"pipedrive": {}})


def test_command_prints_the_environment_and_serves_until_stopped(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"dynamics": {"records": {"contact": [{"lastname": "Fogg"}]}}}))
    command = [sys.executable, "-m", "activity_sync.sandbox", "--seed", str(seed), "--set", "dynamics_page_size=3"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(7)]
        given = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        settings = httpx.get(f"{given['DYNAMICS_URL']}/_sandbox/settings").json()
        rows = httpx.get(f"{given['DYNAMICS_URL']}/_sandbox/dump").json()["rows"]
        lag = httpx.get(f"{given['HUBSPOT_BASE_URL']}/_sandbox/settings").json()["search_lag_seconds"]
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)

    assert settings["dynamics_page_size"] == 3
    assert [row["lastname"] for row in rows["contact"]] == ["Fogg"]
    assert lag == 2.0
    assert process.returncode == 0


def test_every_answer_tells_the_sandboxes_own_time_once():
    with start_sandboxes() as sandboxes:
        sandboxes.hubspot.controls.clock.hold(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
        answer = httpx.get(
            f"{sandboxes.environment['HUBSPOT_BASE_URL']}/account-info/v3/details",
            headers={"Authorization": f"Bearer {sandboxes.environment['HUBSPOT_ACCESS_TOKEN']}"},
        )

    assert answer.headers.get_list("date") == ["Fri, 20 Nov 2026 12:00:00 GMT"]
