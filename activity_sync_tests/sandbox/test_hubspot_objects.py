"""Records one at a time, from the examples of HubSpot's guides "Using object APIs" and of the activity guides."""

import json

import pytest

from activity_sync_tests.sandbox.hubspot_portal import AT, Portal, links, portal

__all__ = ["portal"]

PATHS = ["/crm/objects/2026-09", "/crm/objects/2026-03", "/crm/v3/objects"]


@pytest.mark.parametrize("root", PATHS)
def test_note_of_the_guide_is_created_and_read_by_name_and_by_type_id(portal: Portal, root: str) -> None:
    body = {
        "properties": {
            "hs_timestamp": "2021-11-12T15:48:22Z",
            "hs_note_body": "Spoke with decision maker Carla. Attached the proposal and draft of contract.",
            "hs_attachment_ids": "24332474034;24332474044",
        }
    }

    made = portal.post(f"{root}/notes", body)
    read = portal.get(f"{root}/0-46/{made.json()['id']}", properties="hs_note_body,hs_timestamp")

    assert made.status_code == 201
    assert read.json()["properties"]["hs_note_body"].startswith("Spoke with decision maker Carla.")
    assert read.json()["properties"]["hs_timestamp"] == "2021-11-12T15:48:22Z"
    assert ("url" in read.json()) == (root != "/crm/v3/objects")


def test_link_of_a_record_has_the_documented_form(portal: Portal) -> None:
    note = portal.make("notes")

    url = portal.read("notes", note)["url"]

    assert url == f"https://app.hubspot.com/contacts/8727216/record/0-46/{note}"


@pytest.mark.parametrize(
    ("kind", "properties", "lacking"),
    [
        ("notes", {"hs_note_body": "x"}, ["hs_timestamp"]),
        ("tasks", {"hs_task_subject": "x"}, ["hs_timestamp"]),
        ("calls", {}, ["hs_timestamp"]),
        ("emails", {"hs_timestamp": AT}, ["hs_email_direction"]),
        ("meetings", {}, ["hs_timestamp"]),
        ("companies", {}, ["name", "domain"]),
        ("deals", {"dealname": "x"}, ["dealstage", "pipeline"]),
        ("tickets", {"subject": "x"}, ["hs_pipeline", "hs_pipeline_stage"]),
    ],
)
def test_create_without_what_the_type_requires_is_refused(
    portal: Portal, kind: str, properties: dict[str, str], lacking: list[str]
) -> None:
    refused = portal.post(f"/crm/objects/2026-09/{kind}", {"properties": properties})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["context"]["properties"] == lacking


def test_contact_needs_nothing(portal: Portal) -> None:
    assert portal.post("/crm/objects/2026-09/contacts", {"properties": {}}).status_code == 201


def test_unknown_property_is_refused_with_the_documented_body(portal: Portal) -> None:
    refused = portal.post("/crm/objects/2026-09/companies", {"properties": {"name": "x", "non-existent": "y"}})

    body = refused.json()
    listed = json.loads(body["message"].removeprefix("Property values were not valid: "))
    assert refused.status_code == 400
    assert body["category"] == "VALIDATION_ERROR"
    assert body["status"] == "error"
    assert body["correlationId"]
    assert set(listed[0]) == {"isValid", "message", "error", "name", "localizedErrorMessage", "portalId"}
    assert (listed[0]["error"], listed[0]["name"]) == ("PROPERTY_DOESNT_EXIST", "non-existent")


@pytest.mark.parametrize(
    ("kind", "name", "value", "code"),
    [
        ("calls", "hs_call_duration", "1,000", "INVALID_INTEGER"),
        ("calls", "hs_call_direction", "Inbound", "INVALID_OPTION"),
        ("calls", "hs_call_disposition", "Connected", "INVALID_OPTION"),
        ("tasks", "hs_task_status", "completed", "INVALID_OPTION"),
        ("tasks", "hs_timestamp", "21.11.2026", "INVALID_DATE"),
        ("tasks", "hs_timestamp", "2026-11-21T10:00:00", "INVALID_DATE"),
        ("tasks", "hs_timestamp", "2026-13-41T10:00:00Z", "INVALID_DATE"),
        ("tasks", "hs_task_reminders", "2026-11-21T10:00:00Z", "INVALID_LONG"),
        ("tasks", "hs_task_send_default_reminder", "yes", "INVALID_OPTION"),
        ("tasks", "hs_task_is_completed", "1", "READ_ONLY_VALUE"),
        ("notes", "hs_lastmodifieddate", AT, "READ_ONLY_VALUE"),
        ("notes", "hs_createdate", AT, "READ_ONLY_VALUE"),
        ("notes", "hs_unique_creation_key", "mine", "READ_ONLY_VALUE"),
        ("notes", "hubspot_owner_id", "4711", "INVALID_OWNER_ID"),
        ("emails", "hs_email_from_email", "a@b.de", "READ_ONLY_VALUE"),
        ("emails", "hs_email_headers", "not JSON", "INVALID_JSON"),
        ("contacts", "email", "not an address", "INVALID_EMAIL"),
        ("contacts", "date_of_birth", "1700000000001", "INVALID_DATE"),
        ("notes", "hs_note_body", "x" * 65_537, "INVALID_LENGTH"),
        # Counted in UTF-16 units, an emoji is two.
        ("notes", "hs_note_body", "\N{PARTY POPPER}" * 32_769, "INVALID_LENGTH"),
    ],
)
def test_value_that_the_property_does_not_take_is_refused_and_nothing_is_written(
    portal: Portal, kind: str, name: str, value: str, code: str
) -> None:
    record = portal.make(kind)
    before = portal.read(kind, record)

    refused = portal.patch(f"/crm/objects/2026-09/{kind}/{record}", {"properties": {name: value}})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == code
    assert refused.json()["errors"][0]["context"]["propertyName"] == [name]
    assert portal.read(kind, record) == before


def test_body_of_the_longest_length_is_taken(portal: Portal) -> None:
    portal.set(rewrite_bodies=False)

    note = portal.make("notes", hs_note_body="x" * 65_536)

    assert len(portal.read("notes", note, "hs_note_body")["properties"]["hs_note_body"]) == 65_536


@pytest.mark.parametrize("value", [5, True, None, {"a": 1}])
def test_value_that_is_no_string_is_refused(portal: Portal, value: object) -> None:
    refused = portal.post("/crm/objects/2026-09/calls", {"properties": {"hs_timestamp": AT, "hs_call_title": value}})

    assert refused.status_code == 400


def test_times_are_taken_as_iso_text_and_as_milliseconds_and_shown_as_iso(portal: Portal) -> None:
    call = portal.make("calls", hs_timestamp="1700000000123")
    other = portal.make("calls", hs_timestamp="1700000000000")

    assert portal.read("calls", call, "hs_timestamp")["properties"]["hs_timestamp"] == "2023-11-14T22:13:20.123Z"
    assert portal.read("calls", other, "hs_timestamp")["properties"]["hs_timestamp"] == "2023-11-14T22:13:20Z"


def test_meeting_without_time_takes_its_start(portal: Portal) -> None:
    start = "2026-11-22T09:30:00Z"

    made = portal.post("/crm/objects/2026-09/meetings", {"properties": {"hs_meeting_start_time": start}})

    assert made.status_code == 201
    assert made.json()["properties"]["hs_timestamp"] == start


def test_empty_string_clears_a_value(portal: Portal) -> None:
    call = portal.make("calls", hs_call_title="gone soon")

    portal.patch(f"/crm/objects/2026-09/calls/{call}", {"properties": {"hs_call_title": ""}})

    assert portal.read("calls", call, "hs_call_title")["properties"]["hs_call_title"] is None


def test_empty_values_can_be_set_to_be_absent(portal: Portal) -> None:
    call = portal.make("calls")
    portal.set(hubspot_empty_values="absent")

    assert "hs_call_title" not in portal.read("calls", call, "hs_call_title")["properties"]


def test_every_answer_shows_the_dates_and_the_id_as_strings(portal: Portal) -> None:
    call = portal.make("calls", hs_call_duration="3800")

    shown = portal.read("calls", call, "hs_call_duration")["properties"]

    assert shown["hs_object_id"] == call
    assert shown["hs_call_duration"] == "3800"
    assert set(shown) == {"hs_call_duration", "hs_createdate", "hs_lastmodifieddate", "hs_object_id"}


def test_patch_answers_what_was_sent_and_computed_only(portal: Portal) -> None:
    task = portal.make("tasks", hs_task_subject="Call", hs_task_body="for a while")
    path = f"/crm/objects/2026-09/tasks/{task}"

    shown = portal.patch(path, {"properties": {"hs_task_status": "COMPLETED"}}).json()["properties"]

    assert shown["hs_task_is_completed"] == "1"
    assert shown["hs_task_completion_date"] == "2026-11-21T12:00:00Z"
    assert "hs_task_subject" not in shown
    assert "hs_task_body" not in shown


def test_reopened_task_loses_its_completion_date(portal: Portal) -> None:
    task = portal.make("tasks", hs_task_status="COMPLETED")

    portal.patch(f"/crm/objects/2026-09/tasks/{task}", {"properties": {"hs_task_status": "NOT_STARTED"}})

    shown = portal.read("tasks", task, "hs_task_completion_date", "hs_task_is_completed")["properties"]
    assert (shown["hs_task_completion_date"], shown["hs_task_is_completed"]) == (None, "0")


def test_created_record_names_the_app_as_its_source(portal: Portal) -> None:
    note = portal.make("notes")

    shown = portal.read("notes", note, "hs_object_source", "hs_object_source_id")["properties"]

    assert (shown["hs_object_source"], shown["hs_object_source_id"]) == ("INTEGRATION", "8151242")


def test_headers_of_a_mail_fill_its_address_fields(portal: Portal) -> None:
    headers = {
        "from": {"email": "from@domain.com", "firstName": "FromFirst", "lastName": "FromLast"},
        "to": [{"email": "ToFirst+ToLast<to@test.com>", "firstName": "ToFirst"}, {"email": "b@test.com"}],
    }

    mail = portal.make("emails", hs_email_headers=json.dumps(headers))

    names = ("hs_email_from_email", "hs_email_from_lastname", "hs_email_to_email", "hs_email_sender_email")
    shown = portal.read("emails", mail, *names, "hs_email_headers")["properties"]
    assert shown["hs_email_from_email"] == "from@domain.com"
    assert shown["hs_email_from_lastname"] == "FromLast"
    assert shown["hs_email_to_email"] == "ToFirst+ToLast<to@test.com>;b@test.com"
    assert json.loads(shown["hs_email_headers"])["cc"] == []


def test_html_of_a_mail_gives_its_text_until_a_text_is_sent(portal: Portal) -> None:
    mail = portal.make("emails", hs_email_html="<p>Hello &amp; goodbye</p><p>Me</p>")

    derived = portal.read("emails", mail, "hs_email_text")["properties"]["hs_email_text"]
    portal.patch(f"/crm/objects/2026-09/emails/{mail}", {"properties": {"hs_email_text": "own"}})
    portal.patch(f"/crm/objects/2026-09/emails/{mail}", {"properties": {"hs_email_html": "<p>changed</p>"}})

    assert derived == "Hello & goodbye\nMe"
    assert portal.read("emails", mail, "hs_email_text")["properties"]["hs_email_text"] == "own"


def test_modified_date_moves_once_more_shortly_after_a_write(portal: Portal) -> None:
    note = portal.make("notes")
    created = portal.read("notes", note)

    portal.wait(1.6)
    later = portal.read("notes", note)
    portal.wait(60)

    assert created["updatedAt"] == created["createdAt"] == "2026-11-21T12:00:00Z"
    assert "2026-11-21T12:00:00.1" <= later["updatedAt"] <= "2026-11-21T12:00:01.5Z"
    assert portal.read("notes", note)["updatedAt"] == later["updatedAt"]


def test_task_is_modified_when_it_falls_due_even_if_completed(portal: Portal) -> None:
    task = portal.make("tasks", hs_timestamp="2026-11-21T12:05:00Z", hs_task_status="COMPLETED")
    portal.wait(10)
    before = portal.read("tasks", task)["updatedAt"]

    portal.wait(300)

    assert before < "2026-11-21T12:00:02Z"
    assert portal.read("tasks", task)["updatedAt"].startswith("2026-11-21T12:05:00.")


def test_task_that_was_put_off_is_not_modified_at_its_former_time(portal: Portal) -> None:
    task = portal.make("tasks", hs_timestamp="2026-11-21T12:05:00Z")
    later = {"hs_timestamp": "2026-11-25T12:05:00Z"}
    portal.patch(f"/crm/objects/2026-09/tasks/{task}", {"properties": later})
    portal.wait(10)
    before = portal.read("tasks", task)["updatedAt"]

    portal.wait(600)

    assert portal.read("tasks", task)["updatedAt"] == before


def test_list_pages_by_ascending_id_and_carries_associations(portal: Portal) -> None:
    contact = portal.make("contacts")
    notes = [portal.make("notes", hangs_on={202: contact}) for _ in range(5)]

    first = portal.get("/crm/objects/2026-09/notes", limit=2, associations="contacts,companies").json()
    second = portal.get("/crm/objects/2026-09/notes", limit=3, after=first["paging"]["next"]["after"]).json()

    assert [each["id"] for each in first["results"] + second["results"]] == notes
    assert first["results"][0]["associations"] == {
        "contacts": {"results": [{"id": contact, "type": "note_to_contact"}]}
    }
    assert "associations" not in second["results"][0]
    assert "paging" not in second


@pytest.mark.parametrize(
    "params", [{"limit": 101}, {"limit": 0}, {"limit": 51, "propertiesWithHistory": "hs_note_body"}, {"after": "x"}]
)
def test_list_refuses_pages_that_are_too_long(portal: Portal, params: dict[str, str]) -> None:
    assert portal.get("/crm/objects/2026-09/notes", **params).status_code == 400


def test_history_tells_each_value_with_its_time_newest_first(portal: Portal) -> None:
    call = portal.make("calls", hs_call_title="one")
    portal.wait(60)
    portal.patch(f"/crm/objects/2026-09/calls/{call}", {"properties": {"hs_call_title": "two"}})

    read = portal.get(f"/crm/objects/2026-09/calls/{call}", propertiesWithHistory="hs_call_title").json()

    versions = read["propertiesWithHistory"]["hs_call_title"]
    assert [(each["value"], each["timestamp"]) for each in versions] == [
        ("two", "2026-11-21T12:01:00Z"),
        ("one", "2026-11-21T12:00:00Z"),
    ]
    assert versions[0]["sourceType"] == "INTEGRATION"


def test_archived_record_is_not_found_unless_asked_for(portal: Portal) -> None:
    note = portal.make("notes")

    first, again = portal.delete(f"/crm/objects/2026-09/notes/{note}"), portal.delete("/crm/objects/2026-09/notes/7")

    assert (first.status_code, again.status_code) == (204, 204)
    assert portal.get(f"/crm/objects/2026-09/notes/{note}").status_code == 404
    assert portal.get("/crm/objects/2026-09/notes").json()["results"] == []
    [archived] = portal.get("/crm/objects/2026-09/notes", archived="true").json()["results"]
    assert (archived["id"], archived["archived"], archived["archivedAt"]) == (note, True, "2026-11-21T12:00:00Z")


def test_unknown_id_is_not_found(portal: Portal) -> None:
    missing = portal.get("/crm/objects/2026-09/notes/123")

    assert missing.status_code == 404
    assert missing.json()["message"] == "resource not found"
    assert missing.json()["category"] == "OBJECT_NOT_FOUND"


def test_ids_are_unique_within_a_type_only(portal: Portal) -> None:
    assert portal.make("notes") == portal.make("tasks")


def test_contact_with_a_known_address_is_a_conflict(portal: Portal) -> None:
    contact = portal.make("contacts", email="carla@example.com")

    refused = portal.post("/crm/v3/objects/contacts", {"properties": {"email": "Carla@Example.com"}})

    assert refused.status_code == 409
    assert refused.json()["category"] == "CONFLICT"
    assert refused.json()["message"].endswith(f"Existing ID: {contact}")


def test_contact_with_another_ones_further_address_is_a_conflict_too(portal: Portal) -> None:
    further = {"email": "a@b.de", "hs_additional_emails": "c@d.de"}
    portal.store.load({"objects": {"contacts": [{"id": "7", "properties": further}]}})

    refused = portal.post("/crm/v3/objects/contacts", {"properties": {"email": "C@d.de"}})

    assert refused.status_code == 409
    assert refused.json()["message"].endswith("Existing ID: 7")


@pytest.mark.parametrize("marketing", [False, True])
def test_the_apps_setting_says_whether_a_new_contact_is_a_marketing_one(portal: Portal, *, marketing: bool) -> None:
    portal.controls.settings.change({"hubspot_app_makes_marketing_contacts": marketing})

    made = portal.make("contacts", email="carla@example.com")
    shown = portal.get(f"/crm/v3/objects/contacts/{made}", properties="hs_marketable_status").json()
    set_by_hand = portal.patch(f"/crm/v3/objects/contacts/{made}", {"properties": {"hs_marketable_status": "false"}})

    assert shown["properties"]["hs_marketable_status"] == str(marketing).lower()
    assert set_by_hand.status_code == 400
    assert "READ_ONLY_VALUE" in set_by_hand.text


def test_two_companies_may_have_one_domain_and_one_has_a_name_or_a_domain(portal: Portal) -> None:
    companies = "/crm/v3/objects/companies"

    assert portal.post(companies, {"properties": {"domain": "nova.example"}}).status_code == 201
    assert portal.post(companies, {"properties": {"domain": "nova.example"}}).status_code == 201
    assert portal.post(companies, {"properties": {"phone": "1"}}).status_code == 400


def test_contact_is_found_by_its_addresses(portal: Portal) -> None:
    seed = {
        "objects": {
            "contacts": [{"id": "7", "properties": {"email": "a@b.de", "hs_additional_emails": "c@d.de;e@f.de"}}]
        }
    }
    portal.store.load(seed)

    by_main = portal.get("/crm/objects/2026-09/contacts/A@b.de", idProperty="email")
    by_further = portal.get("/crm/objects/2026-09/contacts/e@f.de", idProperty="email")

    assert [by_main.json()["id"], by_further.json()["id"]] == ["7", "7"]
    assert portal.get("/crm/objects/2026-09/contacts/x@y.de", idProperty="email").status_code == 404
    assert portal.get("/crm/objects/2026-09/contacts/x", idProperty="firstname").status_code == 400


def test_merged_contact_is_followed_by_get_and_patch_and_keeps_both_addresses(portal: Portal) -> None:
    kept = portal.make("contacts", email="kept@b.de", firstname="K")
    gone = portal.make("contacts", email="gone@b.de", lastname="G")
    note = portal.make("notes", hangs_on={202: gone})

    merged = portal.post("/crm/objects/2026-09/contacts/merge", {"primaryObjectId": kept, "objectIdToMerge": gone})
    read = portal.get(f"/crm/objects/2026-09/contacts/{gone}", properties="lastname,hs_merged_object_ids")
    patched = portal.patch(f"/crm/objects/2026-09/contacts/{gone}", {"properties": {"jobtitle": "CEO"}})

    assert merged.json()["id"] == kept
    assert merged.json()["properties"]["hs_additional_emails"] == "gone@b.de"
    assert read.json()["id"] == patched.json()["id"] == kept
    assert read.json()["properties"]["lastname"] == "G"
    assert read.json()["properties"]["hs_merged_object_ids"] == gone
    assert portal.get("/crm/objects/2026-09/contacts/gone@b.de", idProperty="email").json()["id"] == kept
    inline = portal.get(f"/crm/objects/2026-09/notes/{note}", associations="contacts").json()["associations"]
    assert inline["contacts"]["results"] == [{"id": kept, "type": "note_to_contact"}]


def test_activities_cannot_be_merged(portal: Portal) -> None:
    ids = {"primaryObjectId": portal.make("notes"), "objectIdToMerge": portal.make("notes")}

    assert portal.post("/crm/objects/2026-09/notes/merge", ids).status_code == 400


def test_erased_contact_leaves_nothing_on_its_activities(portal: Portal) -> None:
    contact = portal.make("contacts", email="a@b.de")
    note = portal.make("notes", hs_note_body="about the person", hangs_on={202: contact})

    erased = portal.post("/crm/objects/2026-09/contacts/gdpr-delete", {"objectId": "a@b.de", "idProperty": "email"})

    assert erased.status_code == 204
    assert portal.get("/crm/objects/2026-09/contacts", archived="true").json()["results"] == []
    shown = portal.read("notes", note, "hs_note_body", "hs_gdpr_deleted")["properties"]
    assert (shown["hs_note_body"], shown["hs_gdpr_deleted"]) == (None, "true")


def test_associations_are_made_with_the_record(portal: Portal) -> None:
    contact, company = portal.make("contacts"), portal.make("companies")

    note = portal.make("notes", hangs_on={202: contact, 190: company})

    inline = portal.get(f"/crm/objects/2026-09/notes/{note}", associations="contacts,companies").json()
    assert inline["associations"]["companies"]["results"] == [{"id": company, "type": "note_to_company"}]
    assert inline["associations"]["contacts"]["results"] == [{"id": contact, "type": "note_to_contact"}]


@pytest.mark.parametrize("type_id", [201, 204, 1, 9999])
def test_association_type_of_another_direction_is_refused_and_nothing_is_made(portal: Portal, type_id: int) -> None:
    contact = portal.make("contacts")
    body = {"properties": {"hs_timestamp": AT}, "associations": links({type_id: contact})}

    assert portal.post("/crm/objects/2026-09/notes", body).status_code == 400
    assert portal.get("/crm/objects/2026-09/notes").json()["results"] == []


def test_association_with_a_record_that_is_not_there_is_refused(portal: Portal) -> None:
    body = {"properties": {"hs_timestamp": AT}, "associations": links({202: "123"})}

    assert portal.post("/crm/objects/2026-09/notes", body).status_code == 400


def test_owner_fills_the_derived_fields_and_must_be_active(portal: Portal) -> None:
    owners = [
        {"id": "41", "email": "a@x.de", "userId": 9},
        {"id": "42", "email": "b@x.de", "userId": 10, "archived": True},
    ]
    portal.store.load({"owners": owners})

    note = portal.make("notes", hubspot_owner_id="41")
    refused = portal.patch(f"/crm/objects/2026-09/notes/{note}", {"properties": {"hubspot_owner_id": "42"}})

    shown = portal.read("notes", note, "hs_all_owner_ids", "hubspot_owner_assigneddate")["properties"]
    assert shown["hs_all_owner_ids"] == "41"
    assert shown["hubspot_owner_assigneddate"] == "2026-11-21T12:00:00Z"
    assert refused.status_code == 400


def test_several_values_are_replaced_or_appended(portal: Portal) -> None:
    task = portal.make("tasks", hs_queue_membership_ids="1;2")
    path = f"/crm/objects/2026-09/tasks/{task}"

    portal.patch(path, {"properties": {"hs_queue_membership_ids": ";3"}})
    appended = portal.read("tasks", task, "hs_queue_membership_ids")["properties"]["hs_queue_membership_ids"]
    portal.patch(path, {"properties": {"hs_queue_membership_ids": "9"}})

    assert appended == "1;2;3"
    assert portal.read("tasks", task, "hs_queue_membership_ids")["properties"]["hs_queue_membership_ids"] == "9"


def test_broken_json_names_its_place(portal: Portal) -> None:
    refused = portal.request("POST", "/crm/objects/2026-09/notes", content=b'{"properties": ')

    assert refused.status_code == 400
    assert refused.json()["message"].startswith("Invalid input JSON on line 1")


def test_unknown_type_path_and_method_are_refused(portal: Portal) -> None:
    assert portal.get("/crm/objects/2026-09/nonsense").status_code == 400
    assert portal.get("/crm/objects/2025-09/notes").status_code == 404
    assert portal.get("/crm/2026-09/objects/notes").status_code == 404
    assert portal.request("PUT", "/crm/objects/2026-09/notes").status_code == 405


def test_dump_of_a_portal_can_be_loaded_again(portal: Portal) -> None:
    contact = portal.make("contacts", email="a@b.de")
    portal.make("notes", hs_note_body="x", hangs_on={202: contact})
    portal.wait(2)
    before = portal.get("/_sandbox/dump").json()

    portal.post("/_sandbox/reset", {})
    emptied = portal.get("/_sandbox/dump").json()
    portal.post("/_sandbox/seed", before)

    assert emptied["objects"]["notes"] == []
    assert portal.get("/_sandbox/dump").json() == before


def test_seeded_times_and_ids_stand_as_given(portal: Portal) -> None:
    note = {"id": "5", "properties": {"hs_timestamp": AT}, "createdAt": AT, "updatedAt": "2026-11-21T11:00:00.5Z"}
    portal.post("/_sandbox/seed", {"hubspot": {"objects": {"notes": [note]}}})

    read = portal.read("notes", "5")

    assert (read["createdAt"], read["updatedAt"]) == ("2026-11-21T10:00:00Z", "2026-11-21T11:00:00.500Z")


def test_seeding_an_existing_record_is_an_edit_by_a_person(portal: Portal) -> None:
    note = portal.make("notes", hs_note_body="first")
    portal.wait(60)

    portal.post("/_sandbox/seed", {"objects": {"notes": [{"id": note, "properties": {"hs_note_body": "second"}}]}})

    read = portal.get(f"/crm/objects/2026-09/notes/{note}", propertiesWithHistory="hs_note_body").json()
    newest = read["propertiesWithHistory"]["hs_note_body"][0]
    assert read["updatedAt"] == "2026-11-21T12:01:00Z"
    assert (newest["value"], newest["sourceType"]) == ("second", "CRM_UI")


def test_record_can_be_archived_and_restored_by_hand(portal: Portal) -> None:
    note = portal.make("notes")
    load = "/_sandbox/seed"

    portal.post(load, {"objects": {"notes": [{"id": note, "properties": {}, "archived": True}]}})
    gone = portal.get(f"/crm/objects/2026-09/notes/{note}").status_code
    portal.post(load, {"objects": {"notes": [{"id": note, "properties": {}, "archived": False}]}})

    assert gone == 404
    assert portal.read("notes", note)["archived"] is False


def test_merge_can_be_set_to_make_a_new_record(portal: Portal) -> None:
    portal.set(hubspot_merge_makes_new_record=True)
    first, second = portal.make("contacts", email="a@b.de"), portal.make("contacts", email="c@d.de")

    merged = portal.post(
        "/crm/objects/2026-09/contacts/merge", {"primaryObjectId": first, "objectIdToMerge": second}
    ).json()

    assert merged["id"] not in {first, second}
    assert set(merged["properties"]["hs_merged_object_ids"].split(";")) == {first, second}
    for old in (first, second):
        assert portal.get(f"/crm/objects/2026-09/contacts/{old}").json()["id"] == merged["id"]
