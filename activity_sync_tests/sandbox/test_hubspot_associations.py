"""Associations, from the examples of HubSpot's guide "Associations v4" and its table of type ids."""

from typing import Any

import pytest

from activity_sync_tests.sandbox.hubspot_portal import Portal, portal

__all__ = ["portal"]

ROOTS = {"v4": "/crm/v4/associations", "2026-03": "/crm/associations/2026-03", "2026-09": "/crm/associations/2026-09"}
V4, LATEST = ROOTS["v4"], ROOTS["2026-09"]


def typed(*type_ids: int) -> list[dict[str, Any]]:
    return [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": each} for each in type_ids]


def pair(source: str, target: str, *type_ids: int) -> dict[str, Any]:
    given: dict[str, Any] = {"from": {"id": source}, "to": {"id": target}}
    return {"inputs": [given | ({"types": typed(*type_ids)} if type_ids else {})]}


def kinds(portal: Portal, source: str, target: str, record: str) -> dict[str, set[int]]:
    answer = portal.post(f"{LATEST}/{source}/{target}/batch/read", {"inputs": [{"id": record}]}).json()
    links = answer["results"][0]["to"] if answer["results"] else []
    return {each["toObjectId"]: {kind["typeId"] for kind in each["associationTypes"]} for each in links}


@pytest.mark.parametrize(
    ("activity", "record", "there", "back"),
    [
        ("notes", "contacts", 202, 201),
        ("notes", "companies", 190, 189),
        ("notes", "deals", 214, 213),
        ("notes", "tickets", 228, 227),
        ("tasks", "contacts", 204, 203),
        ("tasks", "companies", 192, 191),
        ("tasks", "deals", 216, 215),
        ("tasks", "tickets", 230, 229),
        ("calls", "contacts", 194, 193),
        ("calls", "companies", 182, 181),
        ("calls", "deals", 206, 205),
        ("calls", "tickets", 220, 219),
        ("emails", "contacts", 198, 197),
        ("emails", "companies", 186, 185),
        ("emails", "deals", 210, 209),
        ("emails", "tickets", 224, 223),
        ("meetings", "contacts", 200, 199),
        ("meetings", "companies", 188, 187),
        ("meetings", "deals", 212, 211),
        ("meetings", "tickets", 226, 225),
        ("contacts", "companies", 279, 280),
        ("contacts", "deals", 4, 3),
        ("contacts", "tickets", 15, 16),
        ("deals", "companies", 341, 342),
        ("tickets", "companies", 339, 340),
        ("deals", "tickets", 27, 28),
    ],
)
def test_one_association_is_seen_from_both_sides_under_two_ids(
    portal: Portal, activity: str, record: str, there: int, back: int
) -> None:
    first, second = portal.make(activity), portal.make(record)

    made = portal.put(f"/crm/objects/2026-09/{activity}/{first}/associations/{record}/{second}", typed(there))
    wrong = portal.put(f"/crm/objects/2026-09/{activity}/{first}/associations/{record}/{second}", typed(back))

    assert made.status_code == 201
    assert wrong.status_code == 400
    assert kinds(portal, activity, record, first) == {second: {there}}
    assert kinds(portal, record, activity, second) == {first: {back}}


@pytest.mark.parametrize(("version", "status"), [("v4", 207), ("2026-03", 207), ("2026-09", 200)])
def test_record_without_associations_is_absent_from_a_batch_read(portal: Portal, version: str, status: int) -> None:
    contact = portal.make("contacts")
    some, none = portal.make("notes", hangs_on={202: contact}), portal.make("notes")

    answer = portal.post(f"{ROOTS[version]}/notes/contacts/batch/read", {"inputs": [{"id": some}, {"id": none}]})

    body = answer.json()
    assert answer.status_code == status
    assert [each["from"]["id"] for each in body["results"]] == [some]
    assert body["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert body["numErrors"] == 1


def test_target_ids_are_numbers_in_v4_and_strings_in_dated_paths(portal: Portal) -> None:
    contact = portal.make("contacts")
    note = portal.make("notes", hangs_on={202: contact})

    shown = {
        version: portal.post(f"{root}/notes/contacts/batch/read", {"inputs": [{"id": note}]}).json()["results"][0][
            "to"
        ][0]
        for version, root in ROOTS.items()
    }

    assert shown["v4"]["toObjectId"] == int(contact)
    assert shown["2026-03"]["toObjectId"] == shown["2026-09"]["toObjectId"] == contact
    assert shown["v4"]["associationTypes"] == [{"category": "HUBSPOT_DEFINED", "typeId": 202, "label": None}]


def test_batch_read_takes_a_thousand(portal: Portal) -> None:
    inputs = [{"id": str(number)} for number in range(1, 1002)]

    assert portal.post(f"{LATEST}/notes/contacts/batch/read", {"inputs": inputs[:1000]}).status_code == 200
    assert portal.post(f"{LATEST}/notes/contacts/batch/read", {"inputs": inputs}).status_code == 400


@pytest.mark.parametrize(("version", "status"), [("v4", 201), ("2026-03", 201), ("2026-09", 200)])
def test_batch_create_answers_by_version(portal: Portal, version: str, status: int) -> None:
    contact, note = portal.make("contacts"), portal.make("notes")

    answer = portal.post(f"{ROOTS[version]}/notes/contacts/batch/create", pair(note, contact, 202))

    assert answer.status_code == status
    assert answer.json()["results"][0]["fromObjectTypeId"] == "0-46"


@pytest.mark.parametrize(("version", "status"), [("v4", 204), ("2026-03", 200), ("2026-09", 200)])
def test_batch_archive_answers_by_version(portal: Portal, version: str, status: int) -> None:
    contact = portal.make("contacts")
    note = portal.make("notes", hangs_on={202: contact})

    answer = portal.post(
        f"{ROOTS[version]}/notes/contacts/batch/archive",
        {"inputs": [{"from": {"id": note}, "to": [{"id": contact}]}]},
    )

    assert answer.status_code == status
    assert kinds(portal, "notes", "contacts", note) == {}


def test_wrong_direction_refuses_the_whole_batch(portal: Portal) -> None:
    contact, note = portal.make("contacts"), portal.make("notes")
    body = {"inputs": pair(note, contact, 202)["inputs"] + pair(note, contact, 201)["inputs"]}

    assert portal.post(f"{LATEST}/notes/contacts/batch/create", body).status_code == 400
    assert kinds(portal, "notes", "contacts", note) == {}


def test_pair_with_a_record_that_is_not_there_is_named_and_the_others_are_made(portal: Portal) -> None:
    contact, note = portal.make("contacts"), portal.make("notes")
    body = {"inputs": pair(note, "5", 202)["inputs"] + pair(note, contact, 202)["inputs"]}

    answer = portal.post(f"{V4}/notes/contacts/batch/create", body)

    assert answer.status_code == 207
    assert answer.json()["errors"][0]["context"]["ids"] == ["5"]
    assert set(kinds(portal, "notes", "contacts", note)) == {contact}


def test_type_one_makes_a_company_the_primary_one_and_keeps_the_plain_type(portal: Portal) -> None:
    contact, first, second = portal.make("contacts"), portal.make("companies"), portal.make("companies")

    portal.post(f"{LATEST}/contacts/companies/batch/create", pair(contact, first, 1))
    portal.post(f"{LATEST}/contacts/companies/batch/create", pair(contact, second, 1))

    assert kinds(portal, "contacts", "companies", contact) == {first: {279}, second: {279, 1}}
    assert kinds(portal, "companies", "contacts", second) == {contact: {280, 2}}
    inline = portal.get(f"/crm/objects/2026-09/contacts/{contact}", associations="companies").json()["associations"]
    assert inline["companies"]["results"] == [
        {"id": first, "type": "contact_to_company"},
        {"id": second, "type": "contact_to_company"},
        {"id": second, "type": "contact_to_company_unlabeled"},
    ]


def test_labelled_write_replaces_the_labels(portal: Portal) -> None:
    contact, company = portal.make("contacts"), portal.make("companies")
    made = portal.post(f"{LATEST}/contacts/companies/labels", {"label": "Adviser", "name": "adviser"}).json()["results"]
    own = {"associationCategory": "USER_DEFINED", "associationTypeId": made[0]["typeId"]}
    portal.post(f"{LATEST}/contacts/companies/batch/create", pair(contact, company, 1))

    portal.put(f"/crm/objects/2026-09/contacts/{contact}/associations/companies/{company}", [own])

    assert kinds(portal, "contacts", "companies", contact) == {company: {279, made[0]["typeId"]}}
    assert kinds(portal, "companies", "contacts", company) == {contact: {280, made[1]["typeId"]}}


def test_taking_off_the_plain_type_parts_the_records_and_a_label_does_not(portal: Portal) -> None:
    contact, company = portal.make("contacts"), portal.make("companies")
    portal.post(f"{LATEST}/contacts/companies/batch/create", pair(contact, company, 1))
    path = f"{LATEST}/contacts/companies/batch/labels/archive"

    portal.post(path, pair(contact, company, 1))
    without_label = kinds(portal, "contacts", "companies", contact)
    portal.post(path, pair(contact, company, 279))

    assert without_label == {company: {279}}
    assert kinds(portal, "contacts", "companies", contact) == {}


def test_default_associations_need_no_type_and_keep_labels(portal: Portal) -> None:
    contact, company = portal.make("contacts"), portal.make("companies")
    portal.post(f"{LATEST}/contacts/companies/batch/create", pair(contact, company, 1))

    many = portal.post(f"{LATEST}/contacts/companies/batch/associate/default", pair(contact, company))
    one = portal.put(f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}")

    assert (many.status_code, one.status_code) == (200, 200)
    assert kinds(portal, "contacts", "companies", contact) == {company: {279, 1}}
    specs = {each["associationSpec"]["associationTypeId"] for each in one.json()["results"]}
    assert specs == {279, 280}


def test_types_that_cannot_be_associated_are_refused(portal: Portal) -> None:
    note, task = portal.make("notes"), portal.make("tasks")

    assert portal.put(f"/crm/v4/objects/notes/{note}/associations/default/tasks/{task}").status_code == 400


def test_deleting_a_pair_is_repeatable(portal: Portal) -> None:
    contact = portal.make("contacts")
    note = portal.make("notes", hangs_on={202: contact})
    path = f"/crm/objects/2026-09/notes/{note}/associations/contacts/{contact}"

    assert [portal.delete(path).status_code, portal.delete(path).status_code] == [204, 204]
    assert kinds(portal, "notes", "contacts", note) == {}


def test_list_of_one_record_is_missing_from_the_latest_version_only(portal: Portal) -> None:
    contact = portal.make("contacts")
    notes = [portal.make("notes", hangs_on={202: contact}) for _ in range(3)]

    page = portal.get(f"/crm/v4/objects/contacts/{contact}/associations/notes", limit=2).json()
    rest = portal.get(
        f"/crm/objects/2026-03/contacts/{contact}/associations/notes", after=page["paging"]["next"]["after"]
    ).json()
    latest = portal.get(f"/crm/objects/2026-09/contacts/{contact}/associations/notes")

    assert [each["toObjectId"] for each in page["results"]] == [int(each) for each in notes[:2]]
    assert [each["toObjectId"] for each in rest["results"]] == notes[2:]
    assert latest.status_code in {404, 405}


def test_archived_record_is_no_longer_associated(portal: Portal) -> None:
    contact = portal.make("contacts")
    note = portal.make("notes", hangs_on={202: contact})

    portal.delete(f"/crm/objects/2026-09/contacts/{contact}")

    assert kinds(portal, "notes", "contacts", note) == {}
    assert "associations" not in portal.get(f"/crm/objects/2026-09/notes/{note}", associations="contacts").json()


def test_losing_a_deal_moves_the_date_of_a_task_but_not_of_a_note(portal: Portal) -> None:
    deal = portal.make("deals")
    task, note = portal.make("tasks", hangs_on={216: deal}), portal.make("notes", hangs_on={214: deal})
    portal.wait(10)
    before = {"tasks": portal.read("tasks", task)["updatedAt"], "notes": portal.read("notes", note)["updatedAt"]}

    portal.delete(f"/crm/objects/2026-09/deals/{deal}")
    portal.wait(10)

    assert portal.read("tasks", task)["updatedAt"] > before["tasks"]
    assert portal.read("notes", note)["updatedAt"] == before["notes"]


def test_labels_list_all_types_of_a_direction(portal: Portal) -> None:
    listed = portal.get(f"{V4}/contacts/companies/labels").json()["results"]

    assert {(each["typeId"], each["label"]) for each in listed} == {(279, None), (1, "Primary")}


def test_association_writes_are_counted_once_and_only_when_something_changes(portal: Portal) -> None:
    contact, note = portal.make("contacts"), portal.make("notes")
    portal.request("DELETE", "/_sandbox/requests")

    for _ in range(2):
        portal.post(f"{LATEST}/notes/contacts/batch/create", pair(note, contact, 202))
    portal.delete(f"/crm/objects/2026-09/notes/{note}/associations/contacts/{contact}")

    figures = portal.get("/_sandbox/requests").json()
    assert figures["writes_by_type"] == {"notes": {"associate": 1, "disassociate": 1}}
    assert figures["by_kind"] == {"associations_create": 2, "associations_archive": 1}
