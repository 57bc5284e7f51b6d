"""Files of activities carried themselves, both ways: each once, none of them back, and none at an activity's cost."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from activity_sync.activities.identity import Flow, is_file_key
from activity_sync.activities.kinds import ActivityType
from activity_sync.pipeline.scope import Mode
from activity_sync.sandbox.controls import Fault
from activity_sync.sandbox.hubspot.file_contents import signed_path
from activity_sync_tests.cli.commands import in_this_process
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, DYNAMICS_TABLES, Bridge, ago, iso
from activity_sync_tests.end_to_end.customised import dynamics_has, hubspot_has
from activity_sync_tests.end_to_end.losing import lose_ledger
from activity_sync_tests.end_to_end.passes import carry, decisions, settle

ROW = "00000000-0000-4000-8000-00000000a501"
FILE = ROW[:-4] + "f001"
CONTENT = bytes(range(256)) * 5_000
"""Larger than what is kept in memory, and no text."""
ENCODED = base64.b64encode(CONTENT).decode()
ON = "attachments: {files: true}\n"


def contract(**more: Any) -> dict[str, Any]:
    return {"id": "31", "name": "contract", "extension": "pdf", "size": len(CONTENT), "content": ENCODED, **more}


def only(bridge: Bridge, *kinds: str, more: str = ON) -> None:
    """Only these types are carried, both ways."""
    switched = "".join(f"    {one}: {{enabled: {str(one in kinds).lower()}}}\n" for one in ActivityType)
    bridge.configure(f"flows:\n  hubspot_to_dynamics:\n{switched}  dynamics_to_hubspot:\n{switched}{more}")


def hubspot_files(bridge: Bridge, *given: dict[str, Any]) -> None:
    bridge.seed({"hubspot": {"files": list(given)}})


def dynamics_file(bridge: Bridge, kind: str, about: str, file_id: str = FILE, **columns: Any) -> None:
    """A note with a file about an activity."""
    told = {"objectid": {"type": kind, "id": about}, "filename": "offer.docx", "mimetype": "application/msword"}
    body = {"isdocument": True, "documentbody": ENCODED}
    bridge.seed({"dynamics": {"records": {"annotation": [{"annotationid": file_id, **told, **body, **columns}]}}})


def notes(bridge: Bridge) -> list[Mapping[str, Any]]:
    """The notes in Dynamics that we have made to hold a file."""
    return [row for key, row in bridge.dynamics("annotation").items() if is_file_key(key)]


def uploads(bridge: Bridge) -> list[Mapping[str, Any]]:
    """The files in HubSpot's folder of ours."""
    return [one for one in bridge.sandboxes.hubspot.store.dump()["files"] if one["path"].startswith("/activity-sync/")]


def rows(bridge: Bridge, system: str, kind: str, record_id: str) -> dict[str, tuple[str, str]]:
    """By file of an activity, its state and code in the ledger."""
    with bridge.ledger() as ledger:
        link = ledger.links(system, ActivityType(kind), [record_id])[record_id]
        return {file: (row.state.value, row.code) for (_, file), row in ledger.carried_files([link.id], system).items()}


@pytest.mark.slow
def test_files_of_hubspot_activities_are_notes_in_dynamics(peopled: Bridge) -> None:
    only(peopled, *ActivityType)
    hubspot_files(peopled, contract(), {"id": "32", "name": "second", "extension": "txt", "size": 3})
    for kind in ActivityType:
        more = {"hs_meeting_end_time": iso(ago(hours=1))} if kind == "meeting" else {}
        hubspot_has(peopled, kind, "501", hs_attachment_ids="31;32" if kind == "note" else "31", **more)

    carry(peopled)

    made = notes(peopled)
    # A note is about the copy; where that is a note itself, beside it on the same record.
    about = [peopled.counterpart("hubspot", kind, "501") for kind in ActivityType if kind != "note"]
    assert sorted(one["objectid"]["id"] for one in made) == sorted([*map(str, about), CONTACT_IDS[0], CONTACT_IDS[0]])
    for one in made:
        if one["filename"] == "second.txt":
            assert base64.b64decode(one["documentbody"]) == bytes(3)
        else:
            assert base64.b64decode(one["documentbody"]) == CONTENT
            assert (one["filename"], one["mimetype"]) == ("contract.pdf", "application/pdf")
    settle(peopled)
    assert notes(peopled) == made
    # They are neither files of the copies nor notes for the flow back.
    assert uploads(peopled) == []
    assert [len(peopled.hubspot(f"{kind}s")) for kind in ActivityType] == [1, 1, 1, 1, 1]


@pytest.mark.slow
def test_files_of_dynamics_activities_are_attached_in_hubspot(peopled: Bridge) -> None:
    only(peopled, *ActivityType)
    rows_of = {kind: f"{ROW[:-1]}{number}" for number, kind in enumerate(ActivityType)}
    for number, kind in enumerate(ActivityType):
        times = {"scheduledstart": iso(ago(hours=3)), "scheduledend": iso(ago(hours=2))} if kind == "meeting" else {}
        own = {"isdocument": True, "filename": "offer.docx", "documentbody": ENCODED} if kind == "note" else {}
        dynamics_has(peopled, kind, rows_of[kind], subject="Review", **own, **times)
        if kind != "note":
            dynamics_file(peopled, DYNAMICS_TABLES[kind], rows_of[kind], f"{FILE[:-1]}{number}")
    told = {"filename": "terms.txt", "objecttypecode": "email", "body": base64.b64encode(b"terms").decode()}
    about = {"type": "email", "id": rows_of[ActivityType.EMAIL]}
    attachment = {"activitymimeattachmentid": ROW[:-4] + "f00a", "objectid": about, **told}
    peopled.seed({"dynamics": {"records": {"activitymimeattachment": [attachment]}}})

    carry(peopled)

    made = uploads(peopled)
    assert sorted(one["name"] for one in made) == ["offer"] * 5 + ["terms"]
    for one in made:
        assert base64.b64decode(one["content"]) == (b"terms" if one["name"] == "terms" else CONTENT)
        assert one["access"] == "PRIVATE"
    named = []
    for kind in ActivityType:
        here = str(peopled.counterpart("dynamics", kind, rows_of[kind]))
        named += peopled.hubspot(f"{kind}s")[here]["properties"]["hs_attachment_ids"].split(";")
    assert sorted(named) == sorted(one["id"] for one in made)
    settle(peopled)
    assert uploads(peopled) == made
    assert notes(peopled) == []


@pytest.mark.slow
def test_files_that_people_put_on_a_copy_stay_and_are_carried_to_the_original(peopled: Bridge) -> None:
    only(peopled, "call")
    dynamics_has(peopled, "call", ROW, subject="Call back", description="Later")
    dynamics_file(peopled, "phonecall", ROW)
    settle(peopled)
    here = str(peopled.counterpart("dynamics", "call", ROW))
    [ours] = uploads(peopled)
    hubspot_files(peopled, contract())
    peopled.people.edit_hubspot("calls", here, {"hs_attachment_ids": f"31;{ours['id']}"})
    dynamics_file(peopled, "phonecall", ROW, ROW[:-4] + "f002", filename="second.txt")

    settle(peopled)

    named = peopled.hubspot("calls")[here]["properties"]["hs_attachment_ids"].split(";")
    assert named[:2] == ["31", ours["id"]]
    assert len(named) == 3
    [note] = notes(peopled)
    assert (note["filename"], note["objectid"]["id"]) == ("contract.pdf", ROW)
    text = peopled.dynamics("phonecall")[ROW]["description"]
    assert "contract.pdf" in text
    assert "offer" not in text

    # What is taken from an original stays on its copy.
    peopled.people.edit_hubspot("calls", here, {"hs_attachment_ids": f"{ours['id']}"})
    carry(peopled)
    assert notes(peopled) == [note]


@pytest.mark.slow
def test_ten_passes_write_nothing_after_the_second_and_fetch_nothing_again(peopled: Bridge) -> None:
    only(peopled, "call", "note")
    hubspot_files(peopled, contract())
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31")
    hubspot_has(peopled, "note", "502", hs_attachment_ids="31")
    dynamics_has(peopled, "call", ROW, subject="Call back")
    dynamics_file(peopled, "phonecall", ROW)
    carry(peopled)
    carry(peopled)
    peopled.forget()

    for _ in range(8):
        carry(peopled)

    assert peopled.writes() == 0
    assert "content" not in peopled.asked("hubspot")["by_kind"]


@pytest.mark.slow
@pytest.mark.parametrize("gives_existing", [False, True])
def test_a_lost_ledger_doubles_no_file(peopled: Bridge, *, gives_existing: bool) -> None:
    only(peopled, "call", "note")
    peopled.sandboxes.hubspot.controls.settings.change({"hubspot_upload_gives_existing": gives_existing})
    hubspot_files(peopled, contract())
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31")
    hubspot_has(peopled, "note", "502", hs_attachment_ids="31")
    dynamics_has(peopled, "call", ROW, subject="Call back")
    dynamics_file(peopled, "phonecall", ROW)
    settle(peopled)
    before = (notes(peopled), uploads(peopled), peopled.hubspot("calls"), peopled.hubspot("notes"))
    lose_ledger(peopled)
    peopled.forget()

    settle(peopled)

    assert (len(notes(peopled)), len(uploads(peopled))) == (2, 1)
    assert (notes(peopled), uploads(peopled)) == before[:2]
    assert peopled.hubspot("calls").keys() == before[2].keys()
    assert peopled.hubspot("notes").keys() == before[3].keys()
    assert peopled.hubspot("calls")["501"]["properties"].get("hs_call_body") == before[2]["501"]["properties"].get(
        "hs_call_body"
    )


@pytest.mark.slow
def test_what_is_too_large_stays_listed_and_is_a_loss(peopled: Bridge) -> None:
    only(peopled, "call", more="attachments: {files: true, max_bytes: 1000000}\n")
    hubspot_files(peopled, contract(), {"id": "32", "name": "small", "extension": "txt", "size": 3})
    hubspot_has(peopled, "call", "501", hs_call_body="<p>Agreed</p>", hs_attachment_ids="31;32")
    dynamics_has(peopled, "call", ROW, subject="Call back")
    dynamics_file(peopled, "phonecall", ROW)

    carry(peopled)

    assert [one["filename"] for one in notes(peopled)] == ["small.txt"]
    assert uploads(peopled) == []
    assert rows(peopled, "hubspot", "call", "501") == {"31": ("failed", "too_large"), "32": ("done", "")}
    told = {(one["what"], one["detail"]) for one in decisions(peopled, "hubspot", "call", "501")[0]["losses"]}
    assert ("dropped", "1 of 2 files are too large to be carried") in told
    there = peopled.counterpart("hubspot", "call", "501")
    assert "contract.pdf (" in peopled.dynamics("phonecall")[there]["description"]
    settle(peopled)

    # A limit that is raised lets it through.
    only(peopled, "call")
    settle(peopled)
    assert len(notes(peopled)) == 2
    assert len(uploads(peopled)) == 1


@pytest.mark.slow
def test_without_the_right_to_upload_the_activity_is_carried_and_the_file_a_day_later(peopled: Bridge) -> None:
    only(peopled, "call")
    scopes = ["crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.write"]
    scopes += ["crm.objects.companies.read", "crm.objects.deals.read", "tickets", "crm.objects.owners.read"]
    settings = peopled.sandboxes.hubspot.controls.settings
    settings.change({"hubspot_scopes": [*scopes, "files.ui_hidden.read"]})
    for n in range(5):
        row = f"{ROW[:-1]}{n}"
        dynamics_has(peopled, "call", row, subject="Call back")
        dynamics_file(peopled, "phonecall", row, f"{FILE[:-1]}{n}")

    assert carry(peopled)["created"] == 5

    assert rows(peopled, "dynamics", "call", ROW[:-1] + "0") == {FILE[:-1] + "0": ("failed", "missing_right")}
    assert peopled.asked("hubspot")["by_kind"]["upload"] == 3  # of five files
    settle(peopled)
    settings.change({"hubspot_scopes": ["*"]})
    carry(peopled, Mode.INCREMENTAL)
    assert uploads(peopled) == []  # not asked for again yet
    with peopled.ledger() as ledger:
        assert len(ledger.files_due("dynamics", ActivityType.CALL, ago(hours=-25))) == 5
    # They are listed, and who does not want to wait says so.
    record = f"dynamics:call/{ROW[:-1]}0"
    listed = json.loads(in_this_process("failures", "list", "--json")[1])
    assert {(one["type"], one["code"], one["file"]) for one in listed} == {
        ("call", "missing_right", f"{FILE[:-1]}{n}") for n in range(5)
    }
    assert all("may not be read, or not put there" in one["reason"] for one in listed)
    assert "5 in all" in in_this_process("failures", "list")[1]
    assert in_this_process("trace", record, "--json")[1].count("missing_right") > 0
    retried = json.loads(in_this_process("failures", "retry", record, "--json")[1])
    assert [one["file"] for one in retried] == [f"{FILE[:-1]}0"]
    carry(peopled, Mode.INCREMENTAL)
    assert len(uploads(peopled)) == 1
    assert len(json.loads(in_this_process("failures", "list", "--json")[1])) == 4
    # Who will never grant it dismisses them, and takes that back.
    other = f"dynamics:call/{ROW[:-1]}1"
    assert [one["file"] for one in json.loads(in_this_process("failures", "dismiss", other, "--json")[1])] == [
        f"{FILE[:-1]}1"
    ]
    assert len(json.loads(in_this_process("failures", "list", "--json")[1])) == 3
    in_this_process("failures", "retry", "--all")
    carry(peopled, Mode.INCREMENTAL)
    assert len(uploads(peopled)) == 4
    in_this_process("failures", "retry", other)
    carry(peopled, Mode.INCREMENTAL)
    assert len(uploads(peopled)) == 5


def test_without_the_right_to_make_notes_the_activity_is_carried(peopled: Bridge) -> None:
    only(peopled, "call")
    peopled.sandboxes.dynamics.controls.settings.change({"dynamics_missing_privileges": ["prvCreateNote"]})
    hubspot_files(peopled, contract())
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31")

    assert carry(peopled)["created"] == 1

    state, code = rows(peopled, "hubspot", "call", "501")["31"]
    assert (state, code) == ("failed", "0x80040220")


@pytest.mark.slow
def test_a_file_that_could_not_be_carried_now_is_carried_by_the_next_run(peopled: Bridge) -> None:
    only(peopled, "call")
    hubspot_has(peopled, "call", "500")
    carry(peopled)
    carry(peopled, Mode.INCREMENTAL)
    hubspot_files(peopled, contract())
    made = iso(ago(seconds=5))
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31")
    peopled.people.edit_hubspot("calls", "501", {"hs_call_body": f"Agreed {made}"})
    peopled.sandboxes.hubspot.controls.faults.add(Fault("status", route="content", status=503, times=1))

    assert carry(peopled)["created"] == 1

    assert rows(peopled, "hubspot", "call", "501") == {"31": ("pending", "download_failed")}
    assert notes(peopled) == []
    carry(peopled, Mode.INCREMENTAL)
    assert len(notes(peopled)) == 1
    assert decisions(peopled, "hubspot", "call", "501")[-1]["action"] == "skip"

    # One that is taken away before it could be carried is waited for no longer.
    hubspot_files(peopled, contract(id="32"))
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31;32")
    peopled.sandboxes.hubspot.controls.faults.add(Fault("status", route="content", status=503, times=1))
    carry(peopled)
    assert rows(peopled, "hubspot", "call", "501")["32"] == ("pending", "download_failed")
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31")
    carry(peopled)
    carry(peopled, Mode.INCREMENTAL)
    assert rows(peopled, "hubspot", "call", "501")["32"] == ("failed", "removed")
    with peopled.ledger() as ledger:
        assert ledger.files_due("hubspot", ActivityType.CALL, ago()) == []
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31;32")
    carry(peopled, flows=[Flow("hubspot", "dynamics")])
    assert rows(peopled, "hubspot", "call", "501")["32"] == ("done", "")


@pytest.mark.slow
def test_files_are_carried_without_being_listed_and_switched_on_later_by_a_whole_pass(peopled: Bridge) -> None:
    only(peopled, "call", more="attachments: {links: false}\n")
    hubspot_files(peopled, contract())
    hubspot_has(peopled, "call", "501", hs_call_body="<p>Agreed</p>", hs_attachment_ids="31")
    carry(peopled)
    assert notes(peopled) == []
    only(peopled, "call", more="attachments: {links: false, files: true}\n")

    found = carry(peopled)

    assert set(found) == {"extracted", "unchanged"}
    assert len(notes(peopled)) == 1
    there = peopled.counterpart("hubspot", "call", "501")
    assert peopled.dynamics("phonecall")[there]["description"] == "Agreed"
    settle(peopled)


@pytest.mark.parametrize("version", ["2026-03", "v3"])
def test_files_are_carried_in_every_version_of_the_api(peopled: Bridge, version: str) -> None:
    only(peopled, "call")
    peopled.environ["HUBSPOT_API_VERSION"] = version
    hubspot_files(peopled, contract())
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31")
    dynamics_has(peopled, "call", ROW, subject="Call back")
    dynamics_file(peopled, "phonecall", ROW)

    carry(peopled)

    assert (len(notes(peopled)), len(uploads(peopled))) == (1, 1)


def test_each_file_has_its_own_fate_and_the_activity_is_carried_whatever_that_is(peopled: Bridge) -> None:
    only(peopled, "call")
    organizations = peopled.sandboxes.dynamics.store
    (organization,) = organizations.all_rows("organization")
    organizations.put("organization", {**organization, "maxuploadfilesize": 2_000_000})
    url = peopled.environ["HUBSPOT_BASE_URL"] + signed_path("33", 9_999_999_999_999)
    hubspot_files(
        peopled,
        contract(id="31", access="SENSITIVE"),
        contract(id="32", extension="exe"),
        contract(id="33", access="PUBLIC_NOT_INDEXABLE", url=url),
        {"id": "34", "name": "fits", "extension": "bin", "size": 1_500_000},  # two million characters in Base64
        {"id": "35", "name": "does not", "extension": "bin", "size": 1_500_001},
        {**contract(id="36", size=10), "content": base64.b64encode(bytes(1_500_001)).decode()},  # more than was told
        contract(id="37", archived=True),
    )
    hubspot_has(peopled, "call", "501", hs_call_body="<p>Agreed</p>", hs_attachment_ids="31;32;33;34;35;36;37")

    assert carry(peopled)["created"] == 1

    assert rows(peopled, "hubspot", "call", "501") == {
        "31": ("failed", "sensitive"),
        "32": ("failed", "0x80043e09"),
        "33": ("done", ""),
        "34": ("done", ""),
        "35": ("failed", "too_large"),
        "36": ("failed", "larger_than_told"),
    }
    assert sorted(one["filename"] for one in notes(peopled)) == ["contract.pdf", "fits.bin"]
    there = peopled.counterpart("hubspot", "call", "501")
    assert "Attachment: contract.pdf (1.2 MB" in peopled.dynamics("phonecall")[there]["description"]
    # What was refused for what it is is asked for no more.
    peopled.forget()
    carry(peopled)
    assert "content" not in peopled.asked("hubspot")["by_kind"]
    # Whatever became of a file, nothing of it is left on the disk.
    written = [one for one in peopled.settings.home.rglob("*") if one.is_file()]
    assert written
    assert [one for one in written if CONTENT[:512] in one.read_bytes()] == []


def test_a_preview_carries_no_file_and_tells_what_is_too_large(peopled: Bridge) -> None:
    only(peopled, "call", more="attachments: {files: true, max_bytes: 1000}\n")
    hubspot_files(peopled, contract(), {"id": "32", "name": "small", "extension": "txt", "size": 3})
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31;32")
    dynamics_has(peopled, "call", ROW, subject="Call back")
    dynamics_file(peopled, "phonecall", ROW)

    peopled.sync(kind="call", preview=True)

    assert peopled.writes() == 0
    assert "content" not in peopled.asked("hubspot")["by_kind"]
    (decided,) = decisions(peopled, "hubspot", "call", "501")
    assert "1 of 2 files are too large to be carried" in {one["detail"] for one in decided["losses"]}
