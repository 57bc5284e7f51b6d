"""Files of activities: listed under the copy's body, both ways, and nothing of it comes back."""

from __future__ import annotations

from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.pipeline.scope import Mode
from activity_sync_tests.end_to_end.bridge import Bridge, ago, iso
from activity_sync_tests.end_to_end.customised import dynamics_has, hubspot_has
from activity_sync_tests.end_to_end.losing import lose_ledger
from activity_sync_tests.end_to_end.passes import carry, decisions, settle

ROW = "00000000-0000-4000-8000-00000000a501"
OPENS_IN_HUBSPOT = "https://app.hubspot.com/contacts/8727216/record/0-48/501"

CONTRACT = {"id": "31", "name": "contract", "extension": "pdf", "size": 250_000}
LOGO = {
    "id": "32",
    "name": "logo",
    "extension": "png",
    "size": 3_500_000,
    "type": "IMG",
    "access": "PUBLIC_NOT_INDEXABLE",
    "url": "https://files.example/logo.png?a=1&b=2",
}


def files(bridge: Bridge, *given: dict[str, Any]) -> None:
    bridge.seed({"hubspot": {"files": list(given)}})


def dynamics_file(bridge: Bridge, table: str, kind: str, file_id: str, about: str, **columns: Any) -> None:
    """A file about an activity: a note with one, or an attachment."""
    key = f"{table}id"
    told = {"objectid": {"type": kind, "id": about}, "filename": "offer.docx", "mimetype": "application/msword"}
    extra = {"isdocument": True} if table == "annotation" else {"objecttypecode": kind}
    bridge.seed({"dynamics": {"records": {table: [{key: file_id, **told, **extra, **columns}]}}})


def losses(bridge: Bridge, source: str, kind: str, record_id: str) -> set[tuple[str, str, str]]:
    """What was lost on the way of a record, by its first decision."""
    return {
        (one["field"], one["what"], one["detail"]) for one in decisions(bridge, source, kind, record_id)[0]["losses"]
    }


def only(bridge: Bridge, *kinds: str, more: str = "") -> None:
    """Only these types are carried, both ways."""
    off = "".join(f"    {one}: {{enabled: false}}\n" for one in ActivityType if one not in kinds)
    bridge.configure(f"flows:\n  hubspot_to_dynamics:\n{off}  dynamics_to_hubspot:\n{off}{more}")


def test_files_of_a_call_are_listed_in_dynamics_and_the_list_does_not_come_back(peopled: Bridge) -> None:
    only(peopled, "call")
    files(peopled, CONTRACT, LOGO)
    hubspot_has(peopled, "call", "501", hs_call_body="<p>Agreed</p>", hs_attachment_ids="31;32")

    assert carry(peopled)["created"] == 1

    there = peopled.counterpart("hubspot", "call", "501")
    listed = (
        "Agreed\n\n--\nFurther details:\n"
        f"• Attachment: contract.pdf (244 KB, document) - {OPENS_IN_HUBSPOT}\n"
        "• Attachment: logo.png (3.3 MB, image) - https://files.example/logo.png?a=1&b=2"
    )
    assert peopled.dynamics("phonecall")[there]["description"] == listed
    assert ("hubspot_files", "appended", "") in losses(peopled, "hubspot", "call", "501")
    settle(peopled)
    assert peopled.hubspot("calls")["501"]["properties"]["hs_call_body"] == "<p>Agreed</p>"

    # A person edits the copy around the list: the edit comes back, the list does not.
    dynamics_has(peopled, "call", there, description=listed.replace("Agreed", "Agreed, and signed"))
    carry(peopled)
    body = peopled.hubspot("calls")["501"]["properties"]["hs_call_body"]
    assert "Agreed, and signed" in body
    assert "contract" not in body
    settle(peopled)

    # The list follows its source.
    hubspot_has(peopled, "call", "501", hs_attachment_ids="32")
    settle(peopled)
    text = peopled.dynamics("phonecall")[there]["description"]
    assert "logo.png" in text
    assert "contract" not in text
    hubspot_has(peopled, "call", "501", hs_attachment_ids="")
    settle(peopled)
    assert peopled.dynamics("phonecall")[there]["description"] == "Agreed, and signed"


def test_files_in_dynamics_are_listed_in_hubspot_with_a_link_that_leads_to_the_row(peopled: Bridge) -> None:
    only(peopled, "meeting")
    dynamics_has(
        peopled,
        "meeting",
        ROW,
        subject="Review",
        description="Minutes",
        scheduledstart=iso(ago(hours=3)),
        scheduledend=iso(ago(hours=2)),
    )
    dynamics_file(peopled, "annotation", "appointment", ROW[:-4] + "f001", ROW, documentbody="QUJD")
    dynamics_file(peopled, "activitymimeattachment", "appointment", ROW[:-4] + "f002", ROW, filename="a <b>.txt")

    assert carry(peopled)["created"] == 1

    here = peopled.counterpart("dynamics", "meeting", ROW)
    body = peopled.hubspot("meetings")[here]["properties"]["hs_meeting_body"]
    assert "Minutes" in body
    assert "offer.docx (3 B, application/msword)" in body
    assert f'etn=appointment&amp;id={ROW}">' in body
    assert ("dynamics_files", "appended", "") in losses(peopled, "dynamics", "meeting", ROW)
    settle(peopled)
    assert peopled.dynamics("appointment")[ROW]["description"] == "Minutes"

    # An editor that makes links of addresses, and other markup, changes nothing.
    edited = body.replace("<br>", '<br class="x">').replace("<a ", '<a target="_blank" ').replace("Minutes", "Notes")
    peopled.people.edit_hubspot("meetings", here, {"hs_meeting_body": edited})
    settle(peopled)
    text = peopled.dynamics("appointment")[ROW]["description"]
    assert "Notes" in text
    assert "offer" not in text


def test_a_note_that_is_nothing_but_a_file_is_listed_and_stays_without_text(peopled: Bridge) -> None:
    only(peopled, "note")
    files(peopled, CONTRACT)
    hubspot_has(peopled, "note", "501", hs_note_body="", hs_attachment_ids="31")
    dynamics_has(peopled, "note", ROW, subject="Scan", filename="scan.png", isdocument=True, documentbody="QUJD")

    assert carry(peopled)["created"] == 2

    there, here = peopled.counterpart("hubspot", "note", "501"), peopled.counterpart("dynamics", "note", ROW)
    assert "contract.pdf (244 KB, document)" in peopled.dynamics("annotation")[there]["notetext"]
    assert "scan.png (3 B)" in peopled.hubspot("notes")[here]["properties"]["hs_note_body"]
    settle(peopled)
    assert not peopled.dynamics("annotation")[ROW].get("notetext")
    assert not peopled.hubspot("notes")["501"]["properties"].get("hs_note_body")


def test_without_the_scope_the_activity_is_carried_and_the_loss_is_told(peopled: Bridge) -> None:
    only(peopled, "call")
    files(peopled, CONTRACT)
    scopes = ("crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.write")
    more = ("crm.objects.companies.read", "crm.objects.deals.read", "tickets", "crm.objects.owners.read")
    peopled.sandboxes.hubspot.controls.settings.change({"hubspot_scopes": [*scopes, *more]})
    for number in range(501, 507):
        hubspot_has(peopled, "call", str(number), hs_attachment_ids=f"{number};31")

    assert carry(peopled)["created"] == 6

    there = peopled.counterpart("hubspot", "call", "501")
    assert f"• Attachment: file 31 - {OPENS_IN_HUBSPOT}" in peopled.dynamics("phonecall")[there]["description"]
    told = ("hubspot_files", "dropped", "of 2 of 2 files we may read nothing but the id")
    assert told in losses(peopled, "hubspot", "call", "501")
    assert peopled.asked("hubspot")["by_kind"]["files"] == 3  # of seven files
    settle(peopled)


def test_a_file_that_is_gone_and_one_that_may_not_be_asked_for_are_losses(peopled: Bridge) -> None:
    only(peopled, "call", "task")
    files(peopled, CONTRACT, {**LOGO, "archived": True})
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31;32;99")
    peopled.sandboxes.dynamics.controls.settings.change({"dynamics_missing_privileges": ["prvReadNote"]})
    dynamics_has(peopled, "task", ROW, subject="Call back")

    assert carry(peopled)["created"] == 2

    there = peopled.counterpart("hubspot", "call", "501")
    assert peopled.dynamics("phonecall")[there]["description"].count("Attachment") == 1
    assert ("hubspot_files", "dropped", "2 of 3 files are gone") in losses(peopled, "hubspot", "call", "501")
    assert ("dynamics_files", "dropped", "we may not read whether there are files") in losses(
        peopled, "dynamics", "task", ROW
    )
    settle(peopled)


def test_what_finds_no_room_under_a_body_is_told(peopled: Bridge) -> None:
    only(peopled, "task")
    given = [{**CONTRACT, "id": str(100 + n), "name": f"contract-{n}-{'x' * 80}"} for n in range(9)]
    files(peopled, *given)
    ids = ";".join(one["id"] for one in given)
    hubspot_has(peopled, "task", "501", hs_task_body="b" * 3000, hs_attachment_ids=ids)

    carry(peopled)

    there = peopled.counterpart("hubspot", "task", "501")
    text = peopled.dynamics("task")[there]["description"]
    assert len(text) <= 2000
    shown = text.count("Attachment: contract-")
    assert 0 < shown < 9
    found = losses(peopled, "hubspot", "task", "501")
    assert ("hubspot_files", "dropped", f"no room under the body for {9 - shown} of 9") in found
    settle(peopled)


def test_switched_off_no_file_is_asked_for(peopled: Bridge) -> None:
    only(peopled, "call", more="attachments: {links: false}\n")
    files(peopled, CONTRACT)
    hubspot_has(peopled, "call", "501", hs_call_body="<p>Agreed</p>", hs_attachment_ids="31")

    carry(peopled)

    there = peopled.counterpart("hubspot", "call", "501")
    assert peopled.dynamics("phonecall")[there]["description"] == "Agreed"
    assert "files" not in peopled.asked("hubspot")["by_kind"]


def test_lists_that_a_later_version_adds_reach_what_was_carried_before(peopled: Bridge) -> None:
    only(peopled, "call", more="attachments: {links: false}\n")
    files(peopled, CONTRACT)
    hubspot_has(peopled, "call", "501", hs_call_body="<p>Agreed</p>", hs_attachment_ids="31")
    hubspot_has(peopled, "call", "502", hs_call_body="<p>Bare</p>")
    settle(peopled)
    only(peopled, "call")

    found = carry(peopled)

    assert found["updated"] == 1, found  # the one that has a file
    there = peopled.counterpart("hubspot", "call", "501")
    assert "contract.pdf" in peopled.dynamics("phonecall")[there]["description"]
    settle(peopled)


@pytest.mark.parametrize("version", ["2026-03", "v3"])
def test_files_are_read_in_every_version_of_the_api(peopled: Bridge, version: str) -> None:
    only(peopled, "call")
    peopled.environ["HUBSPOT_API_VERSION"] = version
    files(peopled, CONTRACT)
    hubspot_has(peopled, "call", "501", hs_attachment_ids="31")

    carry(peopled)

    there = peopled.counterpart("hubspot", "call", "501")
    assert "contract.pdf (244 KB" in peopled.dynamics("phonecall")[there]["description"]


def test_a_ledger_that_was_lost_neither_doubles_a_list_nor_takes_it_for_the_body(peopled: Bridge) -> None:
    only(peopled, "call")
    files(peopled, CONTRACT)
    hubspot_has(peopled, "call", "501", hs_call_body="<p>Agreed</p>", hs_attachment_ids="31")
    dynamics_has(peopled, "call", ROW, subject="Call back", description="Later")
    dynamics_file(peopled, "annotation", "phonecall", ROW[:-4] + "f001", ROW, documentbody="QUJD")
    settle(peopled)
    there, here = peopled.counterpart("hubspot", "call", "501"), peopled.counterpart("dynamics", "call", ROW)
    texts = [peopled.dynamics("phonecall")[there]["description"], peopled.hubspot("calls")[here]["properties"]]
    lose_ledger(peopled)

    settle(peopled)

    assert peopled.counterpart("hubspot", "call", "501") == there
    now = [peopled.dynamics("phonecall")[there]["description"], peopled.hubspot("calls")[here]["properties"]]
    assert now[0] == texts[0]
    assert now[1]["hs_call_body"] == texts[1]["hs_call_body"]
    assert peopled.hubspot("calls")["501"]["properties"]["hs_call_body"] == "<p>Agreed</p>"
    assert peopled.dynamics("phonecall")[ROW]["description"] == "Later"


def test_a_file_that_is_put_on_an_activity_later_is_listed_by_the_next_incremental_pass(peopled: Bridge) -> None:
    only(peopled, "call", "note")
    other = ROW[:-4] + "a502"
    dynamics_has(peopled, "call", ROW, subject="Call back", description="Later")
    settle(peopled)
    carry(peopled, Mode.INCREMENTAL)
    dynamics_has(peopled, "call", other, subject="Too old for this pass")
    dynamics_file(peopled, "annotation", "phonecall", ROW[:-4] + "f001", ROW, documentbody="QUJD")
    dynamics_file(peopled, "annotation", "phonecall", ROW[:-4] + "f002", other, documentbody="QUJD")

    assert carry(peopled, Mode.INCREMENTAL)["updated"] == 1

    here = peopled.counterpart("dynamics", "call", ROW)
    assert "offer.docx (3 B" in peopled.hubspot("calls")[here]["properties"]["hs_call_body"]
    assert peopled.counterpart("dynamics", "call", other) is None
    assert decisions(peopled, "dynamics", "call", ROW)[-1]["trigger"] == "file"
    peopled.forget()
    carry(peopled, Mode.INCREMENTAL)
    assert peopled.writes() == 0


def test_files_and_records_without_a_place_stand_under_one_body(peopled: Bridge) -> None:
    off = "".join(f"    {one}: {{enabled: false}}\n" for one in ActivityType if one != "task")
    append = "    task: {associations: {unplaced: append}}\n"
    peopled.configure(f"flows:\n  hubspot_to_dynamics:\n{off}{append}  dynamics_to_hubspot:\n{off}")
    files(peopled, CONTRACT)
    hubspot_has(peopled, "task", "501", hs_task_body="<p>Agreed</p>", hs_attachment_ids="31")
    link = {"from": ["tasks", "501"], "to": ["contacts", "1002"], "types": [204]}
    peopled.seed({"hubspot": {"associations": [link]}})

    settle(peopled)

    there = peopled.counterpart("hubspot", "task", "501")
    text = peopled.dynamics("task")[there]["description"]
    assert text.startswith("Agreed\n")
    assert text.count("contract.pdf") == text.count("Also related to:") == text.count("Further details:") == 1

    hubspot_has(peopled, "task", "501", hs_task_body="<p>Agreed again</p>")
    settle(peopled)

    assert peopled.dynamics("task")[there]["description"] == text.replace("Agreed", "Agreed again")
    assert peopled.hubspot("tasks")["501"]["properties"]["hs_task_body"].count("contract") == 0
