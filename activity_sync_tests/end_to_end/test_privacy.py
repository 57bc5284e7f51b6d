"""What people wrote, and who they are, stands in staging and nowhere else: not in the ledger, Dagster, logs or prints.

Every text that the sandboxes hold has a mark; then every file that was written is searched for it.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.defs.retention import remove_logs
from activity_sync.staging import Staging
from activity_sync_tests.cli.commands import activity_sync, in_this_process
from activity_sync_tests.end_to_end.bridge import (
    CONTACT_IDS,
    DYNAMICS_TABLES,
    HUBSPOT_TYPES,
    Bridge,
    ago,
    dynamics_people,
    hubspot_people,
    iso,
)
from activity_sync_tests.end_to_end.ordinary import hubspot_activities
from activity_sync_tests.end_to_end.test_secrets import contents

MARK = "zq9x"
_MARKED_FILE = base64.b64encode(MARK.encode()).decode()
_CODES = ("status", "direction", "timestamp", "time", "duration", "outcome", "type", "code", "date")


@pytest.fixture
def marked(bridge: Bridge) -> Bridge:
    """All types on both sides, every text of them marked; some of them fail, wait, or are held in doubt."""
    hubspot, dynamics = hubspot_people(3), dynamics_people(2)
    for contact in hubspot["objects"]["contacts"]:
        contact["properties"] |= {"firstname": MARK, "lastname": MARK, "phone": MARK}
        contact["properties"]["email"] = contact["properties"]["email"].replace("person", MARK)
    hubspot["objects"]["companies"][0]["properties"]["name"] = f"{MARK} Ltd"
    for owner in hubspot["owners"]:
        owner |= {"firstName": MARK, "lastName": MARK, "email": f"{MARK}-owner@ourfirm.example"}
    for row in dynamics["records"]["contact"]:
        row |= {"firstname": MARK, "lastname": MARK}
        row["emailaddress1"] = row["emailaddress1"].replace("person", MARK)
    dynamics["records"]["account"][0]["name"] = f"{MARK} Ltd"
    dynamics["records"]["systemuser"][0] |= {
        "fullname": MARK,
        "internalemailaddress": f"{MARK}-owner@ourfirm.example",
    }
    bridge.seed({"hubspot": hubspot, "dynamics": dynamics})
    for kind in HUBSPOT_TYPES:
        # The last one of each type hangs on a contact that Dynamics lacks, and waits.
        for first, contact in ((501, "1001"), (601, "1003")):
            bridge.seed({"hubspot": _marked(hubspot_activities(kind, [ago(hours=2)], first_id=first, contact=contact))})
    bridge.seed({"hubspot": _refused()})
    bridge.seed(
        {"dynamics": {"records": {table: [_row(table, n)] for n, table in enumerate(DYNAMICS_TABLES.values())}}}
    )
    return bridge


def _marked(seed: dict[str, Any]) -> dict[str, Any]:
    for objects in seed["objects"].values():
        for one in objects:
            texts = {name for name in one["properties"] if not name.endswith(_CODES)}
            one["properties"] |= {name: f"{one['properties'][name]} {MARK}" for name in texts}
    return seed


def _refused() -> dict[str, Any]:
    """Calls and tasks whose values Dynamics or our rules take no account of, or refuse, and may quote."""
    calls = hubspot_activities("call", [ago(hours=2)], first_id=701)
    calls["objects"]["calls"][0]["properties"] |= {"hs_call_duration": MARK, "hs_call_direction": MARK}
    tasks = hubspot_activities("task", [ago(hours=2)], first_id=711)
    tasks["objects"]["tasks"][0]["properties"] |= {"hs_task_status": MARK, "hs_task_priority": MARK}
    mails = hubspot_activities("email", [ago(hours=2)], first_id=721)
    headers = {"from": {"email": f"{MARK}@@nowhere"}, "to": [{"email": f"{MARK} is no address"}]}
    mails["objects"]["emails"][0]["properties"] |= {
        "hs_email_headers": json.dumps(headers),
        "hs_attachment_ids": "31;32",
    }
    return {
        # One is carried, and one is of a type that Dynamics refuses.
        "files": [
            {"id": "31", "name": f"{MARK} file", "extension": "pdf", "size": 4, "content": _MARKED_FILE},
            {"id": "32", "name": f"{MARK} file", "extension": "exe", "size": 4, "content": _MARKED_FILE},
        ],
        "objects": calls["objects"] | tasks["objects"] | mails["objects"],
        "associations": calls["associations"] + tasks["associations"] + mails["associations"],
    }


def _row(table: str, number: int) -> dict[str, Any]:
    key = "annotationid" if table == "annotation" else "activityid"
    made = ago(hours=2)
    row: dict[str, Any] = {
        key: f"00000000-0000-4000-8000-00000000a{number:03d}",
        "subject": f"{MARK} subject",
        "createdon": iso(made),
        "modifiedon": iso(made),
    }
    if table == "annotation":
        file = {"isdocument": True, "filename": f"{MARK}.txt", "documentbody": _MARKED_FILE}
        return row | {"notetext": MARK, "objectid": {"type": "contact", "id": CONTACT_IDS[0]}, **file}
    row |= {"description": MARK, "regardingobjectid": {"type": "contact", "id": CONTACT_IDS[0]}}
    if table == "appointment":
        row |= {"scheduledstart": iso(made), "scheduledend": iso(made + timedelta(minutes=30)), "location": MARK}
    if table == "phonecall":
        row["phonenumber"] = MARK
    return row


@pytest.mark.slow
def test_what_people_wrote_is_found_in_staging_alone(marked: Bridge) -> None:
    marked.configure("attachments: {files: true}")
    printed = []
    for arguments in (
        ("check",),
        ("sync", "--preview", "--json"),
        ("sync", "--json"),
    ):
        done = activity_sync(marked.environ, *arguments)
        assert done.returncode in {0, 1}, (arguments, done.stdout, done.stderr)
        printed.append((arguments, done.stdout + done.stderr))
        if arguments == ("sync", "--json"):
            counts = json.loads(done.stdout)["flows"]
            assert all(kind["created"] for flow in counts.values() for kind in flow.values()), counts
            assert sum(kind["deferred"] for flow in counts.values() for kind in flow.values()) >= len(HUBSPOT_TYPES)

    for arguments in (
        ("status", "--json"),
        ("waiting", "--json"),
        ("failures", "list", "--json"),
        ("held", "list", "--json"),
        ("reconcile", "--json"),
        ("trace", "hubspot:email/501", "--json"),
        ("trace", "hubspot:call/601"),
    ):
        code, out, err = in_this_process(*arguments)
        assert code in {0, 1}, (arguments, out, err)
        printed.append((arguments, out + err))
    root = marked.settings.home.parent
    written = dict(contents(root))

    staging = {name for name in written if "/staging/" in f"/{name}"}
    assert any(MARK in written[name] for name in staging), "the search finds what is there"
    assert any(name.endswith("ledger.sqlite") for name in written)
    assert any(name.startswith("dagster/") and "load_results" in text for name, text in written.items())
    brought = [
        one for one in marked.sandboxes.hubspot.store.dump()["files"] if one["path"].startswith("/activity-sync/")
    ]
    assert [one["name"] for one in brought] == [MARK]
    with marked.ledger() as ledger:
        assert [file.code for _, file in ledger.failed_files("hubspot", ActivityType.EMAIL)] == ["0x80043e09"]
    assert [name for name, text in written.items() if MARK in text and name not in staging] == []
    assert [arguments for arguments, text in printed if MARK in text] == []


@pytest.mark.slow
def test_what_runs_printed_grows_old_and_goes(bridge: Bridge) -> None:
    bridge.seed({"hubspot": hubspot_people(1), "dynamics": dynamics_people(1)})
    done = bridge.command("sync", "--flow", "hubspot_to_dynamics", "--type", "call", "--json")
    [run_id] = json.loads(done.stdout)["run_ids"]
    home = Path(bridge.environ["DAGSTER_HOME"])

    def printed() -> list[Path]:
        return [one for one in home.rglob("*.err") if run_id in one.parts]

    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert printed(), "the run printed something"

        assert remove_logs(instance, before=datetime.now(tz=UTC) - timedelta(days=1)) == 0
        assert printed()
        assert remove_logs(instance, before=datetime.now(tz=UTC) + timedelta(days=1)) == 1
        assert not printed()
        assert instance.get_run_by_id(run_id) is not None, "its events stay"


@pytest.mark.slow
def test_what_was_staged_long_ago_goes_with_an_incremental_run(bridge: Bridge) -> None:
    bridge.seed({"hubspot": hubspot_people(1), "dynamics": dynamics_people(1)})
    bridge.configure("retention: {staging_days: 30}")
    root = Path(bridge.settings.staging)

    def stage(run_id: str, **age: float) -> None:
        old = Staging(root, clock=lambda: ago(**age))
        with old.write(
            "hubspot_to_dynamics", ActivityType.CALL, Step.EXTRACTED, run_id, ("2026-01-01", "2026-01-01")
        ) as out:
            out.append(pd.DataFrame([{"partition": "2026-01-01", "source_id": "1", "payload": "{}"}]))

    def staged() -> set[str]:
        return {one.stem for one in root.rglob("*.parquet") if one.stem in {"old", "young", "later"}}

    stage("old", days=31)
    stage("young", days=29)
    today = ago().date().isoformat()
    bridge.sync("hubspot_to_dynamics", "call", first=today, last=today)
    assert staged() == {"old", "young"}, "a whole run tidies nothing"

    bridge.sync("hubspot_to_dynamics", "call")
    assert staged() == {"young"}

    stage("later", days=31)
    bridge.sync("hubspot_to_dynamics", "call")
    assert staged() == {"young", "later"}, "once a day"
