"""Creates, updates and deletes of Dataverse rows, after the documentation's examples and the refusals people met."""

import json
from typing import Any

import pytest

from activity_sync_tests.sandbox.dynamics_organisation import (
    REPRESENTED,
    ROOT,
    Organisation,
    guid,
    organisation,
    refusal,
)

__all__ = ["organisation"]

# learn.microsoft.com webapi/create-entity-web-api, "Basic create".
SAMPLE_ACCOUNT = {
    "name": "Sample Account",
    "description": "This is the description of the sample account",
    "revenue": 5000000,
}


def test_basic_create_of_the_documentation(organisation: Organisation) -> None:
    made = organisation.post("accounts", SAMPLE_ACCOUNT)

    assert made.status_code == 204
    assert made.content == b""
    assert made.headers["odata-entityid"].startswith(f"{ROOT}/accounts(")
    read = organisation.send("GET", made.headers["odata-entityid"]).json()
    assert {name: read[name] for name in SAMPLE_ACCOUNT} == SAMPLE_ACCOUNT
    assert read["@odata.etag"] == f'W/"{read["versionnumber"]}"'
    assert read["createdon"] == "2026-11-21T12:00:00Z"


def test_create_with_representation_has_no_entity_id_header(organisation: Organisation) -> None:
    made = organisation.send(
        "POST", f"{ROOT}/accounts?$select=name,createdon", json=SAMPLE_ACCOUNT, headers=REPRESENTED
    )

    assert made.status_code == 201
    assert "odata-entityid" not in made.headers
    assert made.headers["preference-applied"] == "return=representation"
    shown = set(made.json()) - {"@odata.context", "@odata.etag"}
    assert shown == {"name", "createdon", "accountid"}


def test_update_with_representation_answers_200(organisation: Organisation) -> None:
    account = organisation.make("accounts", name="A")

    changed = organisation.patch(f"accounts({account})?$select=name", {"name": "B"}, Prefer="return=representation")

    assert changed.status_code == 200
    assert changed.json()["name"] == "B"


def test_patch_of_an_unknown_id_creates_and_of_a_known_one_updates(organisation: Organisation) -> None:
    first = organisation.patch(f"tasks({guid(7)})", {"subject": "one"})
    second = organisation.patch(f"tasks({guid(7)})", {"subject": "two"})

    assert (first.status_code, second.status_code) == (204, 204)
    assert first.headers["odata-entityid"] == f"{ROOT}/tasks({guid(7)})"
    assert organisation.get(f"tasks({guid(7)})").json()["subject"] == "two"
    assert organisation.controls.requests.shown()["writes_by_type"] == {"task": {"create": 1, "update": 1}}


def test_late_patch_brings_a_deleted_row_back_unless_it_must_match(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t")
    organisation.delete(f"tasks({task})")

    guarded = organisation.patch(f"tasks({task})", {"subject": "late"}, If_Match="*")
    careless = organisation.patch(f"tasks({task})", {"subject": "late"})

    assert refusal(guarded) == (404, "0x80040217")
    assert "Does Not Exist" in guarded.json()["error"]["message"]
    assert careless.status_code == 204
    assert organisation.get(f"tasks({task})").status_code == 200


def test_create_only_patch_refuses_an_existing_row(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t")

    refused = organisation.patch(f"tasks({task})", {"subject": "u"}, If_None_Match="*")

    assert refusal(refused) == (412, "0x80040237")
    assert refused.json()["error"]["message"] == "A record with matching key values already exists."


def test_chosen_id_is_taken_and_may_not_be_used_twice(organisation: Organisation) -> None:
    made = organisation.post("annotations", {"annotationid": guid(5), "subject": "n"})
    again = organisation.post("annotations", {"annotationid": guid(5), "subject": "n"})

    assert made.headers["odata-entityid"].endswith(f"({guid(5)})")
    assert refusal(again) == (412, "0x80040237")


@pytest.mark.parametrize(("entity_set", "key"), [("contacts", "contactid"), ("accounts", "accountid")])
def test_a_person_or_company_takes_a_chosen_id_once_and_no_text_beyond_its_limit(
    organisation: Organisation, entity_set: str, key: str
) -> None:
    name = "lastname" if entity_set == "contacts" else "name"
    made = organisation.post(entity_set, {key: guid(5), name: "n"})
    again = organisation.post(entity_set, {key: guid(5), name: "n"})
    long = organisation.post(entity_set, {name: "n" * 161})

    assert made.headers["odata-entityid"].endswith(f"({guid(5)})")
    assert refusal(again) == (412, "0x80040237")
    assert long.status_code == 400


def test_activities_of_all_kinds_share_one_space_of_ids(organisation: Organisation) -> None:
    organisation.make("tasks", activityid=guid(9), subject="t")

    assert refusal(organisation.post("phonecalls", {"activityid": guid(9), "subject": "p"})) == (412, "0x80040237")
    assert refusal(organisation.patch(f"emails({guid(9)})", {"subject": "p"})) == (412, "0x80040237")
    assert organisation.post("annotations", {"annotationid": guid(9), "subject": "n"}).status_code == 204


def test_stale_version_is_refused_on_update_and_delete(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t")
    tag = organisation.get(f"tasks({task})").headers["etag"]
    assert organisation.patch(f"tasks({task})", {"subject": "u"}, If_Match=tag).status_code == 204

    late_update = organisation.patch(f"tasks({task})", {"subject": "v"}, If_Match=tag)
    late_delete = organisation.delete(f"tasks({task})", If_Match=tag)

    assert refusal(late_update) == refusal(late_delete) == (412, "0x80060882")
    assert organisation.get(f"tasks({task})").json()["subject"] == "u"


def test_unchanged_row_answers_304_but_never_with_annotations(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t")
    tag = organisation.get(f"tasks({task})").headers["etag"]

    plain = organisation.get(f"tasks({task})", {"If-None-Match": tag})
    annotated = organisation.get(f"tasks({task})", {"If-None-Match": tag, "Prefer": 'odata.include-annotations="*"'})

    assert (plain.status_code, annotated.status_code) == (304, 200)


def test_text_too_long_is_refused_in_the_documented_words(organisation: Organisation) -> None:
    refused = organisation.post("tasks", {"subject": "x" * 201})

    assert refusal(refused) == (400, "0x80044331")
    # learn.microsoft.com webapi/execute-batch-operations-using-web-api: two spaces after "occurred."
    assert refused.json()["error"]["message"] == (
        "A validation error occurred.  The length of the 'subject' attribute of the 'task' entity exceeded the "
        "maximum allowed length of '200'."
    )


@pytest.mark.parametrize(
    ("set_name", "column", "limit"),
    [
        ("tasks", "subject", 200),
        ("emails", "subject", 800),
        ("tasks", "description", 2000),
        ("phonecalls", "phonenumber", 200),
        ("appointments", "location", 200),
        ("annotations", "subject", 500),
    ],
)
def test_text_of_exactly_the_limit_is_taken(organisation: Organisation, set_name: str, column: str, limit: int) -> None:
    times = {"scheduledstart": "2026-01-01T10:00:00Z", "scheduledend": "2026-01-01T11:00:00Z"}
    more = times if set_name == "appointments" else {}

    assert organisation.post(set_name, {column: "x" * limit, **more}).status_code == 204
    assert refusal(organisation.post(set_name, {column: "x" * (limit + 1), **more}))[1] == "0x80044331"


def test_lengths_count_utf16_units(organisation: Organisation) -> None:
    assert organisation.post("tasks", {"subject": "😀" * 100}).status_code == 204
    assert refusal(organisation.post("tasks", {"subject": "😀" * 101}))[1] == "0x80044331"


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"foo": 1}, "0x80048d19", "Invalid property 'foo' was found in entity 'Microsoft.Dynamics.CRM.task'."),
        ({"Subject": "s"}, "0x80048d19", "Invalid property 'Subject'"),
        ({"subject": 5}, "0x80048d19", "Cannot convert the literal '5' to the expected type 'Edm.String'."),
        ({"percentcomplete": "5"}, "0x80048d19", "expected type 'Edm.Int32'"),
        ({"percentcomplete": 101}, "0x8004432f", "percentcomplete"),
        ({"prioritycode": 9}, "0x8004431a", "Accepted Values: 0,1,2"),
        ({"scheduledend": "tomorrow"}, "0x80048d19", "Edm.DateTimeOffset"),
        ({"scheduledend": "2026-07-01"}, "0x80048d19", "Edm.DateTimeOffset"),
        ({"scheduledend": "1752-12-31T00:00:00Z"}, "0x80040239", "scheduledend"),
        ({"subject": "bell\x07"}, "0x80040278", "subject"),
        ({"subject": "half \ud83d"}, "0x80040278", "subject"),
        ({"_regardingobjectid_value": guid(1)}, "0x80060888", "Use Navigation properties instead"),
        ({"regardingobjectid_x_task@odata.bind": "/contacts(1)"}, "0x80048d19", "An undeclared property"),
        ({"crmtaskassigneduniqueid": "no guid"}, "0x80048d19", "Edm.Guid"),
        ({"Task_Annotation": [{"subject": "n"}]}, "0x80060888", "Deep update of navigation properties"),
    ],
)
def test_body_that_does_not_fit_the_model(
    organisation: Organisation, body: dict[str, object], code: str, words: str
) -> None:
    refused = organisation.send(
        "POST", f"{ROOT}/tasks", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )

    assert refusal(refused) == (400, code)
    assert words in refused.json()["error"]["message"]
    assert organisation.values("tasks") == []


def test_direction_is_a_boolean(organisation: Organisation) -> None:
    call = organisation.make("phonecalls", subject="p", directioncode=False)

    assert organisation.get(f"phonecalls({call})").json()["directioncode"] is False
    assert refusal(organisation.post("phonecalls", {"subject": "p", "directioncode": 1})) == (400, "0x80048d19")


def test_server_columns_in_a_body_have_no_effect(organisation: Organisation) -> None:
    email = organisation.make(
        "emails", subject="e", createdon="2001-01-01T00:00:00Z", senton="2001-01-01T00:00:00Z", statecode=1
    )

    read = organisation.get(f"emails({email})").json()
    assert (read["createdon"], read["senton"], read["statecode"]) == ("2026-11-21T12:00:00Z", None, 0)


def test_dates_keep_whole_seconds_in_utc(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t", scheduledend="2026-07-01T10:00:00.987+02:00")

    assert organisation.get(f"tasks({task})").json()["scheduledend"] == "2026-07-01T08:00:00Z"


def test_overridden_creation_time_changes_places_and_works_on_create_only(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t", overriddencreatedon="2019-05-03T08:00:00Z")
    organisation.patch(f"tasks({task})", {"overriddencreatedon": "2001-01-01T00:00:00Z"})

    read = organisation.get(f"tasks({task})").json()
    assert (read["createdon"], read["overriddencreatedon"]) == ("2019-05-03T08:00:00Z", "2026-11-21T12:00:00Z")


def test_creation_time_without_the_privilege_is_ignored_in_silence(organisation: Organisation) -> None:
    organisation.set(dynamics_may_override_createdon=False)
    task = organisation.make("tasks", subject="t", overriddencreatedon="2019-05-03T08:00:00Z")

    assert organisation.get(f"tasks({task})").json()["createdon"] == "2026-11-21T12:00:00Z"


@pytest.mark.parametrize(
    "bind",
    [
        "regardingobjectid_contact_phonecall",
        "regardingobjectid_contact",
    ],
)
def test_regarding_binds_under_the_suffixed_and_the_inherited_name(organisation: Organisation, bind: str) -> None:
    contact = organisation.make("contacts", lastname="Fogg")
    call = organisation.make("phonecalls", **{"subject": "p", f"{bind}@odata.bind": f"/contacts({contact})"})

    assert organisation.get(f"phonecalls({call})").json()["_regardingobjectid_value"] == contact


@pytest.mark.parametrize("form", ["/contacts({0})", "contacts({0})", ROOT + "/contacts({0})"])
def test_bind_takes_every_documented_form_of_address(organisation: Organisation, form: str) -> None:
    contact = organisation.make("contacts", lastname="Fogg")
    task = organisation.make("tasks", **{"regardingobjectid_contact_task@odata.bind": form.format(contact)})

    assert organisation.get(f"tasks({task})").json()["_regardingobjectid_value"] == contact


def test_bind_to_a_missing_row_is_404_and_to_another_table_400(organisation: Organisation) -> None:
    account = organisation.make("accounts", name="A")
    missing = organisation.post("tasks", {"regardingobjectid_contact_task@odata.bind": f"/contacts({guid(404)})"})
    other = organisation.post("tasks", {"regardingobjectid_contact_task@odata.bind": f"/accounts({account})"})

    assert refusal(missing) == (404, "0x80040217")
    assert refusal(other) == (400, "0x80048d19")


def test_bind_of_null_clears(organisation: Organisation) -> None:
    contact = organisation.make("contacts", lastname="Fogg")
    task = organisation.make("tasks", **{"regardingobjectid_contact_task@odata.bind": f"/contacts({contact})"})

    organisation.patch(f"tasks({task})", {"regardingobjectid_contact_task@odata.bind": None})

    assert organisation.get(f"tasks({task})").json()["_regardingobjectid_value"] is None


def test_notes_bind_by_objectid_and_only_to_tables_with_notes(organisation: Organisation) -> None:
    contact = organisation.make("contacts", lastname="Fogg")
    note = organisation.make("annotations", **{"subject": "n", "objectid_contact@odata.bind": f"/contacts({contact})"})
    wrong = organisation.post("annotations", {"objectid_queue@odata.bind": f"/queues({guid(1)})"})

    read = organisation.get(f"annotations({note})").json()
    assert (read["_objectid_value"], read["objecttypecode"]) == (contact, "contact")
    assert refusal(wrong) == (400, "0x80048d19")
    assert "objectid_queue" in wrong.json()["error"]["message"]


def test_owner_defaults_to_the_caller_and_may_not_be_disabled(organisation: Organisation) -> None:
    organisation.store.load(
        {
            "records": {
                "systemuser": [
                    {"systemuserid": guid(1), "lastname": "Gone", "isdisabled": True},
                    {"systemuserid": guid(2), "lastname": "Here"},
                ]
            }
        }
    )
    me = organisation.get("WhoAmI").json()["UserId"]
    mine = organisation.make("tasks", subject="t")
    theirs = organisation.make("tasks", **{"ownerid_task@odata.bind": f"/systemusers({guid(2)})"})
    disabled = organisation.post("tasks", {"ownerid@odata.bind": f"/systemusers({guid(1)})"})

    assert organisation.get(f"tasks({mine})").json()["_ownerid_value"] == me
    read = organisation.get(f"tasks({theirs})").json()
    assert (read["_ownerid_value"], read["_owninguser_value"], read["_owningteam_value"]) == (guid(2), guid(2), None)
    assert refusal(disabled) == (400, "0x8004022b")


def test_impersonation_writes_in_the_users_name(organisation: Organisation) -> None:
    organisation.store.load({"records": {"systemuser": [{"systemuserid": guid(2), "lastname": "Here"}]}})
    me = organisation.get("WhoAmI").json()["UserId"]

    made = organisation.post("tasks", {"subject": "t"}, MSCRMCallerID=guid(2), Prefer="return=representation").json()

    assert (made["_createdby_value"], made["_createdonbehalfby_value"]) == (guid(2), me)
    assert made["_ownerid_value"] == guid(2)


def test_deleting_a_contact_deletes_its_activities_and_notes(organisation: Organisation) -> None:
    contact = organisation.make("contacts", lastname="Fogg")
    task = organisation.make("tasks", **{"regardingobjectid_contact_task@odata.bind": f"/contacts({contact})"})
    organisation.make("annotations", **{"objectid_contact@odata.bind": f"/contacts({contact})"})
    organisation.make("annotations", **{"objectid_task@odata.bind": f"/tasks({task})"})

    organisation.delete(f"contacts({contact})")

    assert organisation.values("tasks") == organisation.values("annotations") == []
    assert organisation.get(f"contacts({contact})").status_code == 404


def test_deleting_what_is_not_there_is_404(organisation: Organisation) -> None:
    assert refusal(organisation.delete(f"tasks({guid(3)})")) == (404, "0x80040217")


def test_patch_of_a_collection_is_not_allowed(organisation: Organisation) -> None:
    assert organisation.patch("tasks", {"subject": "t"}).status_code == 405
    assert organisation.delete("tasks").status_code == 405


def test_note_body_is_rewritten_and_reads_the_same(organisation: Organisation) -> None:
    note = organisation.make(
        "annotations", notetext='<p style="margin:0;">Spoke  with <b>Carla</b></p>\r\n<p>&amp; Jo</p>'
    )

    kept = organisation.get(f"annotations({note})").json()["notetext"]

    assert kept.startswith('<div class="ck-content"')
    assert '<p style="margin: 0">Spoke  with <b>Carla</b></p>\n<p>&amp; Jo</p></div>' in kept


def test_writing_back_what_was_read_changes_nothing_more(organisation: Organisation) -> None:
    email = organisation.make("emails", description="<p>Hello<br>you</p>")
    once = organisation.get(f"emails({email})").json()["description"]
    organisation.patch(f"emails({email})", {"description": once})

    assert organisation.get(f"emails({email})").json()["description"] == once


def test_plain_text_keeps_its_characters_but_not_its_line_ends(organisation: Organisation) -> None:
    task = organisation.make("tasks", description="a < b\r\nsecond")
    note = organisation.make("annotations", notetext="no markup & more")

    assert organisation.get(f"tasks({task})").json()["description"] == "a < b\nsecond"
    assert organisation.get(f"annotations({note})").json()["notetext"] == "no markup & more"


def test_bodies_can_be_left_as_they_are(organisation: Organisation) -> None:
    organisation.set(rewrite_bodies=False)
    note = organisation.make("annotations", notetext="<p>x</p>\r\n")

    assert organisation.get(f"annotations({note})").json()["notetext"] == "<p>x</p>\r\n"


def test_active_content_is_marked_and_left_out_of_the_safe_copy(organisation: Organisation) -> None:
    email = organisation.make("emails", description='<p onclick="x()">Hi<script>steal()</script></p>')

    read = organisation.get(f"emails({email})").json()
    assert read["isunsafe"] == 1
    assert "steal" not in read["safedescription"]
    assert "onclick" not in read["safedescription"]
    assert "Hi" in read["safedescription"]


def test_custom_columns_and_keys_come_with_the_seed(organisation: Organisation) -> None:
    organisation.store.load(
        {
            "schema": {
                "columns": {"task": [{"name": "as_sourceid", "max_length": 50}]},
                "keys": {"tasks": [["as_sourceid"]]},
            }
        }
    )
    made = organisation.patch("tasks(as_sourceid='hubspot:1')", {"subject": "one"})
    again = organisation.patch("tasks(as_sourceid='hubspot:1')", {"subject": "two"})
    clash = organisation.post("tasks", {"as_sourceid": "HUBSPOT:1"})

    assert made.headers["odata-entityid"] == again.headers["odata-entityid"]
    assert organisation.get("tasks(as_sourceid='hubspot:1')").json()["subject"] == "two"
    assert refusal(clash) == (412, "0x80060892")
    assert refusal(organisation.get("tasks(subject='two')")) == (400, "0x80060890")
    assert refusal(organisation.get("tasks(as_sourceid='none')"))[0] == 404


def test_missing_privilege_is_403(organisation: Organisation) -> None:
    organisation.set(dynamics_missing_privileges=["prvCreateActivity"])
    refused = organisation.post("phonecalls", {"subject": "p"})

    assert refusal(refused) == (403, "0x80040220")
    assert "prvCreateActivity" in refused.json()["error"]["message"]
    assert organisation.post("annotations", {"subject": "n"}).status_code == 204
    me = organisation.get("WhoAmI").json()["UserId"]
    held = organisation.get(f"systemusers({me})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()").json()
    names = [each["PrivilegeName"] for each in held["RolePrivileges"]]
    assert "prvReadActivity" in names
    assert "prvCreateActivity" not in names


def test_lookup_is_set_and_cleared_by_reference(organisation: Organisation) -> None:
    contact, account = organisation.make("contacts", lastname="F"), organisation.make("accounts", name="A")
    organisation.put(f"accounts({account})/primarycontactid/$ref", {"@odata.id": f"{ROOT}/contacts({contact})"})
    bound = organisation.get(f"accounts({account})").json()["_primarycontactid_value"]
    organisation.delete(f"accounts({account})/primarycontactid/$ref")

    assert bound == contact
    assert organisation.get(f"accounts({account})").json()["_primarycontactid_value"] is None


def test_tables_of_the_apps_are_missing_on_a_bare_organisation(organisation: Organisation) -> None:
    organisation.set(dynamics_tables=[])

    assert refusal(organisation.get("opportunities")) == (404, "0x8006088a")
    refused = organisation.post(
        "tasks", {"regardingobjectid_opportunity_task@odata.bind": f"/opportunities({guid(1)})"}
    )
    assert refusal(refused) == (400, "0x80048d19")


def test_a_file_is_limited_as_it_is_encoded_and_by_its_type(organisation: Organisation) -> None:
    (organization,) = organisation.store.all_rows("organization")
    organisation.store.put("organization", {**organization, "maxuploadfilesize": 8})

    def make(name: str, body: str) -> Any:
        return organisation.post("annotations", {"filename": name, "isdocument": True, "documentbody": body})

    assert make("a.txt", "YWJjZA==").status_code == 204  # four bytes in eight characters
    assert refusal(make("a.txt", "YWJjZGVmZw==")) == (400, "0x80044a02")
    assert refusal(make("a.EXE", "YQ==")) == (400, "0x80043e09")
    [row] = organisation.values("annotations", select="filesize")
    assert row["filesize"] == 4


@pytest.mark.parametrize("bind", ["objectid_activitypointer@odata.bind", "objectid_email@odata.bind"])
def test_attachments_of_a_mail_are_counted_and_go_with_it(organisation: Organisation, bind: str) -> None:
    email = organisation.make("emails", subject="e")
    set_name = "emails" if "email" in bind else "activitypointers"
    body = {"filename": "a.txt", "body": "aGVsbG8=", "objecttypecode": "email", bind: f"/{set_name}({email})"}
    organisation.make("activitymimeattachments", **body)

    below = organisation.values(f"emails({email})/email_activity_mime_attachment", select="filename")
    assert [each["filename"] for each in below] == ["a.txt"]
    assert organisation.get(f"emails({email})").json()["attachmentcount"] == 1
    organisation.delete(f"emails({email})")
    assert organisation.values("activitymimeattachments") == []


def test_seeding_an_existing_row_is_an_edit_by_a_person(organisation: Organisation) -> None:
    contact = organisation.make("contacts", lastname="F")
    email = organisation.make(
        "emails", subject="e", **{"regardingobjectid_contact@odata.bind": f"/contacts({contact})"}
    )
    before = organisation.get(f"emails({email})").json()
    organisation.wait(60)

    organisation.send("POST", "/_sandbox/seed", json={"records": {"emails": [{"activityid": email, "subject": "f"}]}})

    after = organisation.get(f"emails({email})").json()
    assert (after["subject"], after["modifiedon"]) == ("f", "2026-11-21T12:01:00Z")
    assert after["_regardingobjectid_value"] == contact
    assert after["versionnumber"] > before["versionnumber"]
    assert organisation.controls.requests.shown()["writes"] == 2


def test_seed_deletes_with_all_that_hangs_on_the_row(organisation: Organisation) -> None:
    contact = organisation.make("contacts", lastname="F")
    organisation.make("emails", **{"regardingobjectid_contact@odata.bind": f"/contacts({contact})"})

    done = organisation.send("POST", "/_sandbox/seed", json={"deleted": {"contact": [contact]}})
    again = organisation.send("POST", "/_sandbox/seed", json={"deleted": {"contact": [contact]}})

    assert (done.status_code, again.status_code) == (200, 400)
    assert organisation.values("emails") == []


@pytest.mark.parametrize(
    "seed",
    [
        {"rows": {}},
        {"records": {"task": [{"colour": "red"}]}},
        {"records": {"task": [{"subject": "x" * 201}]}},
        {"records": {"unicorn": []}},
    ],
)
def test_seed_that_cannot_be_stored_stores_nothing(organisation: Organisation, seed: dict[str, object]) -> None:
    refused = organisation.send("POST", "/_sandbox/seed", json=seed)

    assert refused.status_code == 400
    assert organisation.values("tasks") == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "tasks"),
        ("PATCH", f"tasks({guid(1)})"),
        ("POST", "tasks/Microsoft.Dynamics.CRM.CreateMultiple"),
        ("POST", "Merge"),
        ("POST", "EntityDefinitions(LogicalName='task')/Attributes"),
    ],
)
@pytest.mark.parametrize("content", [b"[]", b"5", b"{", b"", b"\xff"])
def test_body_that_is_no_object_is_refused(organisation: Organisation, method: str, path: str, content: bytes) -> None:
    refused = organisation.send(method, f"{ROOT}/{path}", content=content, headers={"Content-Type": "application/json"})

    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "0x80048d19"


def test_body_of_another_content_type_is_refused(organisation: Organisation) -> None:
    assert (
        organisation.send("POST", f"{ROOT}/tasks", content=b"{}", headers={"Content-Type": "text/plain"}).status_code
        == 415
    )
