"""Records by the hundred, from the examples of HubSpot's guides "Using object APIs" and "Error handling"."""

import random

import pytest

from activity_sync_tests.sandbox.hubspot_portal import AT, Portal, links, portal

__all__ = ["portal"]

NOTES = "/crm/objects/2026-09/notes"
KEY = {
    "name": "sync_key",
    "label": "Sync key",
    "type": "string",
    "fieldType": "text",
    "groupName": "note",
    "hasUniqueValue": True,
}


def note(**properties: str) -> dict[str, object]:
    return {"properties": {"hs_timestamp": AT} | properties}


def test_one_bad_row_without_trace_ids_fails_the_whole_batch(portal: Portal) -> None:
    refused = portal.post(f"{NOTES}/batch/create", {"inputs": [note(hs_note_body="good"), {"properties": {}}]})

    assert refused.status_code == 400
    assert refused.json()["category"] == "VALIDATION_ERROR"
    assert portal.get(NOTES).json()["results"] == []


@pytest.mark.parametrize(
    ("root", "status"),
    [("/crm/objects/2026-09/tickets", 201), ("/crm/objects/2026-03/tickets", 207), ("/crm/v3/objects/tickets", 207)],
)
def test_rows_with_trace_ids_stand_alone(portal: Portal, root: str, status: int) -> None:
    good = {"subject": "s", "hs_pipeline": "0", "hs_pipeline_stage": "1"}
    inputs = [
        {"objectWriteTraceId": "549b1c2a-1", "properties": {"subject": "lacking"}},
        {"objectWriteTraceId": "549b1c2a-2", "properties": good},
        {"objectWriteTraceId": "549b1c2a-3", "properties": good | {"hs_pipeline_stage": "none such"}},
    ]

    answer = portal.post(f"{root}/batch/create", {"inputs": inputs})

    body = answer.json()
    assert answer.status_code == status
    assert body["status"] == "COMPLETE"
    assert body["numErrors"] == 2
    assert [each["context"]["objectWriteTraceId"] for each in body["errors"]] == [["549b1c2a-1"], ["549b1c2a-3"]]
    assert {each["status"] for each in body["errors"]} == {"error"}
    assert len(body["results"]) == 1
    assert "objectWriteTraceId" not in body["results"][0]


def test_trace_ids_must_differ(portal: Portal) -> None:
    inputs = [note() | {"objectWriteTraceId": "1"}, note() | {"objectWriteTraceId": "1"}]

    assert portal.post(f"{NOTES}/batch/create", {"inputs": inputs}).status_code == 400


def test_a_trace_id_on_some_rows_only_does_not_make_the_batch_partial(portal: Portal) -> None:
    inputs = [note() | {"objectWriteTraceId": "1"}, {"properties": {}}]

    assert portal.post(f"{NOTES}/batch/create", {"inputs": inputs}).status_code == 400


@pytest.mark.parametrize("operation", ["read", "create", "update", "archive"])
def test_batches_hold_a_hundred_rows_and_not_none(portal: Portal, operation: str) -> None:
    inputs = [{"id": str(number), "properties": {"hs_timestamp": AT}} for number in range(101)]

    too_many = portal.post(f"{NOTES}/batch/{operation}", {"inputs": inputs})
    none = portal.post(f"{NOTES}/batch/{operation}", {"inputs": []})

    assert (too_many.status_code, none.status_code) == (400, 400)


def test_results_come_in_no_promised_order(portal: Portal) -> None:
    portal.controls.random = random.Random(1)
    inputs = [note(hs_note_body=str(number)) for number in range(20)]

    results = portal.post(f"{NOTES}/batch/create", {"inputs": inputs}).json()["results"]

    bodies = [each["properties"]["hs_note_body"] for each in results]
    assert bodies != [str(number) for number in range(20)]
    assert sorted(bodies, key=int) == [str(number) for number in range(20)]


def test_order_is_kept_when_it_is_set_to_be(portal: Portal) -> None:
    portal.set(shuffle_results=False)
    inputs = [note(hs_note_body=str(number)) for number in range(20)]

    results = portal.post(f"{NOTES}/batch/create", {"inputs": inputs}).json()["results"]

    assert [each["properties"]["hs_note_body"] for each in results] == [str(number) for number in range(20)]


def test_batch_create_makes_associations_with_the_records(portal: Portal) -> None:
    contact = portal.make("contacts")

    made = portal.post(f"{NOTES}/batch/create", {"inputs": [note() | {"associations": links({202: contact})}]})

    read = portal.get(f"{NOTES}/{made.json()['results'][0]['id']}", associations="contacts").json()
    assert read["associations"]["contacts"]["results"][0]["id"] == contact


@pytest.mark.parametrize(("root", "status"), [("/crm/objects/2026-09", 200), ("/crm/v3/objects", 207)])
def test_batch_read_leaves_out_what_it_does_not_find_and_names_it(portal: Portal, root: str, status: int) -> None:
    found = portal.make("notes", hs_note_body="here")
    body = {"inputs": [{"id": found}, {"id": "4"}, {"id": "5"}], "properties": ["hs_note_body", "none_such"]}

    answer = portal.post(f"{root}/notes/batch/read", body)

    assert answer.status_code == status
    assert [each["id"] for each in answer.json()["results"]] == [found]
    assert "none_such" not in answer.json()["results"][0]["properties"]
    assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert answer.json()["errors"][0]["context"]["ids"] == ["4", "5"]


def test_batch_read_by_address_finds_main_addresses_only(portal: Portal) -> None:
    contacts = [
        {"id": "7", "properties": {"email": "main@b.de", "hs_additional_emails": "further@b.de"}},
        {"id": "8", "properties": {"email": "other@b.de"}},
    ]
    portal.store.load({"objects": {"contacts": contacts}})
    inputs = [{"id": "MAIN@b.de"}, {"id": "further@b.de"}, {"id": "other@b.de"}]

    answer = portal.post("/crm/objects/2026-09/contacts/batch/read", {"inputs": inputs, "idProperty": "email"})

    assert sorted(each["id"] for each in answer.json()["results"]) == ["7", "8"]


def test_batch_read_of_archived_records(portal: Portal) -> None:
    gone = portal.make("notes")
    portal.delete(f"{NOTES}/{gone}")

    living = portal.post(f"{NOTES}/batch/read", {"inputs": [{"id": gone}]})
    archived = portal.request("POST", f"{NOTES}/batch/read", {"inputs": [{"id": gone}]}, params={"archived": "true"})

    assert living.json()["results"] == []
    assert archived.json()["results"][0]["archived"] is True


def test_batch_update_names_unknown_ids_and_does_the_others(portal: Portal) -> None:
    known = portal.make("notes")
    inputs = [{"id": known, "properties": {"hs_note_body": "new"}}, {"id": "4", "properties": {"hs_note_body": "x"}}]

    answer = portal.post("/crm/v3/objects/notes/batch/update", {"inputs": inputs})

    assert answer.status_code == 207
    assert [each["id"] for each in answer.json()["results"]] == [known]
    assert answer.json()["errors"][0]["context"]["ids"] == ["4"]


def test_batch_update_can_be_silent_about_unknown_ids(portal: Portal) -> None:
    portal.set(hubspot_unknown_ids_silent=True)
    inputs = [{"id": "4", "properties": {"hs_note_body": "x"}}]

    answer = portal.post("/crm/v3/objects/notes/batch/update", {"inputs": inputs})

    assert (answer.status_code, answer.json()["results"]) == (207, [])
    assert "errors" not in answer.json()


def test_batch_update_does_not_follow_merged_ids(portal: Portal) -> None:
    kept, gone = portal.make("contacts"), portal.make("contacts")
    portal.post("/crm/objects/2026-09/contacts/merge", {"primaryObjectId": kept, "objectIdToMerge": gone})

    answer = portal.post(
        "/crm/objects/2026-09/contacts/batch/update", {"inputs": [{"id": gone, "properties": {"jobtitle": "x"}}]}
    )

    assert answer.json()["results"] == []


def test_ids_of_one_update_must_differ(portal: Portal) -> None:
    known = portal.make("notes")
    inputs = [{"id": known, "properties": {}}, {"id": known, "properties": {}}]

    assert portal.post(f"{NOTES}/batch/update", {"inputs": inputs}).status_code == 400


def test_batch_archive_forgets_what_is_not_there(portal: Portal) -> None:
    known = portal.make("notes")

    answer = portal.post(f"{NOTES}/batch/archive", {"inputs": [{"id": known}, {"id": "4"}]})

    assert (answer.status_code, answer.content) == (204, b"")
    assert portal.get(NOTES).json()["results"] == []


def test_upsert_creates_and_updates_by_a_unique_property(portal: Portal) -> None:
    portal.post("/crm/properties/2026-09/notes", KEY)
    known = portal.make("notes", sync_key="K1", hs_note_body="old")
    inputs = [
        {"id": "k1", "idProperty": "sync_key", "properties": {"hs_note_body": "new"}},
        {"id": "k2", "idProperty": "sync_key", "properties": {"hs_timestamp": AT}},
    ]

    answer = portal.post(f"{NOTES}/batch/upsert", {"inputs": inputs})

    results = {each["new"]: each for each in answer.json()["results"]}
    assert answer.status_code == 200
    assert results[False]["id"] == known
    assert results[True]["properties"]["sync_key"] == "k2"
    assert portal.read("notes", known, "hs_note_body")["properties"]["hs_note_body"] == "new"


def test_upsert_of_a_new_record_needs_what_the_type_requires(portal: Portal) -> None:
    portal.post("/crm/properties/2026-09/notes", KEY)
    inputs = [{"id": "k1", "idProperty": "sync_key", "properties": {"hs_note_body": "no time"}}]

    assert portal.post(f"{NOTES}/batch/upsert", {"inputs": inputs}).status_code == 400


@pytest.mark.parametrize("id_property", ["hs_object_id", "hs_note_body", None])
def test_upsert_needs_a_unique_property(portal: Portal, id_property: str | None) -> None:
    inputs = [{"id": "1", "properties": {"hs_timestamp": AT}} | ({"idProperty": id_property} if id_property else {})]

    assert portal.post(f"{NOTES}/batch/upsert", {"inputs": inputs}).status_code == 400


def test_upsert_by_address_is_never_partial(portal: Portal) -> None:
    inputs = [
        {"id": "a@b.de", "idProperty": "email", "properties": {"firstname": "A"}, "objectWriteTraceId": "1"},
        {"id": "c@d.de", "idProperty": "email", "properties": {"none_such": "x"}, "objectWriteTraceId": "2"},
    ]

    answer = portal.post("/crm/objects/2026-09/contacts/batch/upsert", {"inputs": inputs})

    assert answer.status_code == 400
    assert portal.get("/crm/objects/2026-09/contacts").json()["results"] == []


def test_unique_value_that_is_taken_is_refused_and_names_its_holder(portal: Portal) -> None:
    portal.post("/crm/properties/2026-09/notes", KEY)
    holder = portal.make("notes", sync_key="k1")

    one = portal.post(NOTES, note(sync_key="K1"))
    row = note(sync_key="k1") | {"objectWriteTraceId": "1"}
    many = portal.post(f"{NOTES}/batch/create", {"inputs": [row]})

    assert one.status_code == 400
    assert "sync_key" in one.json()["message"]
    assert holder in one.json()["message"]
    assert many.json()["errors"][0]["context"]["objectWriteTraceId"] == ["1"]
    assert holder in many.json()["errors"][0]["message"]


def test_unique_value_given_twice_in_one_request_is_refused_once(portal: Portal) -> None:
    portal.post("/crm/properties/2026-09/notes", KEY)
    inputs = [note(sync_key="k") | {"objectWriteTraceId": str(number)} for number in range(2)]

    body = portal.post(f"{NOTES}/batch/create", {"inputs": inputs}).json()

    assert (len(body["results"]), body["numErrors"]) == (1, 1)


def test_unique_value_is_free_again_after_its_holder_is_archived(portal: Portal) -> None:
    portal.post("/crm/properties/2026-09/notes", KEY)
    holder = portal.make("notes", sync_key="k1")

    portal.delete(f"{NOTES}/{holder}")

    assert portal.post(NOTES, note(sync_key="k1")).status_code == 201


def test_writes_are_counted_by_record(portal: Portal) -> None:
    ids = [portal.make("notes") for _ in range(2)]
    portal.post(f"{NOTES}/batch/create", {"inputs": [note(), note(), note()]})
    portal.post(
        f"{NOTES}/batch/update", {"inputs": [{"id": each, "properties": {"hs_note_body": "x"}} for each in ids]}
    )
    portal.post(f"{NOTES}/batch/archive", {"inputs": [{"id": ids[0]}]})
    portal.post(f"{NOTES}/batch/create", {"inputs": [note(), {"properties": {}}]})

    figures = portal.get("/_sandbox/requests").json()

    assert figures["writes_by_type"] == {"notes": {"create": 5, "update": 2, "delete": 1}}
    assert figures["writes"] == 8
    assert figures["by_kind"] == {"create": 2, "batch_create": 2, "batch_update": 1, "batch_archive": 1}
