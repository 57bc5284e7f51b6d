"""Activity parties: who took part, in which role, and what the server adds."""

from typing import Any

import pytest

from activity_sync_tests.sandbox.dynamics_organisation import Organisation, guid, organisation, refusal

__all__ = ["organisation"]

TIMES = {"scheduledstart": "2026-01-01T10:00:00Z", "scheduledend": "2026-01-01T11:00:00Z"}


@pytest.fixture
def people(organisation: Organisation) -> dict[str, str]:
    organisation.store.load(
        {
            "records": {
                "contact": [{"contactid": guid(1), "lastname": "Fogg", "emailaddress1": "fogg@example.com"}],
                "account": [{"accountid": guid(2), "name": "Reform Club"}],
                "systemuser": [{"systemuserid": guid(3), "lastname": "Passepartout"}],
                "queue": [{"queueid": guid(4), "name": "Support", "emailaddress": "support@example.com"}],
                "lead": [{"leadid": guid(5), "lastname": "Fix"}],
            }
        }
    )
    sets = {
        "contact": "contacts",
        "account": "accounts",
        "systemuser": "systemusers",
        "queue": "queues",
        "lead": "leads",
    }
    return {name: f"/{set_name}({guid(number)})" for number, (name, set_name) in enumerate(sets.items(), 1)}


def party(role: int, people: dict[str, str], kind: str, **more: Any) -> dict[str, Any]:
    return {"participationtypemask": role, f"partyid_{kind}@odata.bind": people[kind], **more}


def roles(organisation: Organisation, set_name: str, row_id: str) -> list[tuple[int, str | None]]:
    name = {"emails": "email", "phonecalls": "phonecall", "appointments": "appointment", "tasks": "task"}[set_name]
    found = organisation.values(f"{set_name}({row_id})/{name}_activity_parties")
    return sorted((each["participationtypemask"], each["_partyid_value"]) for each in found)


def test_parties_come_with_the_create_and_the_server_adds_owner_and_regarding(
    organisation: Organisation, people: dict[str, str]
) -> None:
    me = organisation.get("WhoAmI").json()["UserId"]
    # learn.microsoft.com webapi/create-entity-web-api: a phone call with its parties by deep insert.
    call = organisation.make(
        "phonecalls",
        **{
            "subject": "Sample phone call",
            "regardingobjectid_account_phonecall@odata.bind": people["account"],
            "phonecall_activity_parties": [party(1, people, "systemuser"), party(2, people, "contact")],
        },
    )

    assert roles(organisation, "phonecalls", call) == [(1, guid(3)), (2, guid(1)), (8, guid(2)), (9, me)]


def test_task_has_only_the_servers_parties(organisation: Organisation, people: dict[str, str]) -> None:
    me = organisation.get("WhoAmI").json()["UserId"]
    task = organisation.make("tasks", **{"regardingobjectid_contact_task@odata.bind": people["contact"]})

    assert roles(organisation, "tasks", task) == [(8, guid(1)), (9, me)]


def test_servers_roles_may_be_sent_without_effect(organisation: Organisation, people: dict[str, str]) -> None:
    me = organisation.get("WhoAmI").json()["UserId"]
    email = organisation.make(
        "emails", email_activity_parties=[party(9, people, "systemuser"), party(8, people, "contact")]
    )

    assert roles(organisation, "emails", email) == [(9, me)]


@pytest.mark.parametrize(
    ("set_name", "role", "kind", "code"),
    [
        ("phonecalls", 5, "contact", "0x80043506"),
        ("phonecalls", 2, "queue", "0x80043506"),
        ("emails", 7, "systemuser", "0x80043506"),
        ("appointments", 2, "contact", "0x80043506"),
        ("appointments", 7, "contact", "0x80043506"),
        ("tasks", 2, "contact", "0x80043506"),
        ("emails", 14, "contact", "0x80043505"),
    ],
)
def test_role_or_party_that_the_activity_does_not_take(
    organisation: Organisation, people: dict[str, str], *, set_name: str, role: int, kind: str, code: str
) -> None:
    times = TIMES if set_name == "appointments" else {}
    name = f"{set_name[:-1]}_activity_parties"

    refused = organisation.post(set_name, {"subject": "s", name: [party(role, people, kind)], **times})

    assert refusal(refused) == (400, code)
    assert organisation.values(set_name) == []


@pytest.mark.parametrize(
    ("set_name", "role", "kind"),
    [
        ("emails", 1, "queue"),
        ("emails", 4, "lead"),
        ("phonecalls", 1, "lead"),
        ("appointments", 5, "account"),
        ("appointments", 6, "queue"),
        ("appointments", 7, "systemuser"),
        ("letters", 3, "contact"),
    ],
)
def test_role_and_party_that_the_activity_takes(
    organisation: Organisation, people: dict[str, str], set_name: str, role: int, kind: str
) -> None:
    times = TIMES if set_name == "appointments" else {}
    name = f"{set_name[:-1]}_activity_parties"

    assert organisation.post(set_name, {"subject": "s", name: [party(role, people, kind)], **times}).status_code == 204


def test_mail_has_one_sender(organisation: Organisation, people: dict[str, str]) -> None:
    twice = [party(1, people, "systemuser"), party(1, people, "queue")]

    assert refusal(organisation.post("emails", {"email_activity_parties": twice})) == (400, "0x80040b01")


def test_address_alone_is_taken_on_mail_only(organisation: Organisation) -> None:
    alone = [{"participationtypemask": 2, "addressused": "new@example.com"}]

    email = organisation.make("emails", email_activity_parties=alone)
    call = organisation.post("phonecalls", {"subject": "p", "phonecall_activity_parties": alone})
    organisation.set(dynamics_unresolved_parties=True)
    allowed = organisation.post("phonecalls", {"subject": "p", "phonecall_activity_parties": alone})

    assert organisation.get(f"emails({email})").json()["torecipients"] == "new@example.com;"
    assert refusal(call) == (400, "0x80043504")
    assert allowed.status_code == 204


def test_wrong_address_and_nobody_are_refused(organisation: Organisation) -> None:
    wrong = organisation.post(
        "emails", {"email_activity_parties": [{"participationtypemask": 2, "addressused": "no address"}]}
    )
    nobody = organisation.post("emails", {"email_activity_parties": [{"participationtypemask": 2}]})

    assert refusal(wrong) == (400, "0x80043518")
    assert refusal(nobody) == (400, "0x80043504")


def test_party_that_does_not_exist_is_404(organisation: Organisation) -> None:
    body = {
        "email_activity_parties": [{"participationtypemask": 2, "partyid_contact@odata.bind": f"/contacts({guid(99)})"}]
    }

    assert refusal(organisation.post("emails", body)) == (404, "0x80040217")


def test_party_of_a_table_that_is_not_installed_is_undeclared(organisation: Organisation) -> None:
    organisation.set(dynamics_tables=[])
    body = {"email_activity_parties": [{"participationtypemask": 2, "partyid_lead@odata.bind": f"/leads({guid(5)})"}]}

    refused = organisation.post("emails", body)

    assert refusal(refused) == (400, "0x80048d19")
    assert "An undeclared property 'partyid_lead'" in refused.json()["error"]["message"]


def test_address_comes_from_the_partys_record(organisation: Organisation, people: dict[str, str]) -> None:
    email = organisation.make("emails", email_activity_parties=[party(2, people, "contact")])

    to = next(
        p for p in organisation.values(f"emails({email})/email_activity_parties") if p["participationtypemask"] == 2
    )
    assert to["addressused"] == "fogg@example.com"
    assert to["_activityid_value"] == email


def test_collection_name_is_case_sensitive(organisation: Organisation) -> None:
    refused = organisation.post("emails", {"Email_activity_parties": []})

    assert refusal(refused) == (400, "0x80048d19")
    assert "Invalid property 'Email_activity_parties'" in refused.json()["error"]["message"]


def test_put_replaces_the_whole_list_and_leaves_the_version(organisation: Organisation, people: dict[str, str]) -> None:
    me = organisation.get("WhoAmI").json()["UserId"]
    email = organisation.make(
        "emails", email_activity_parties=[party(1, people, "systemuser"), party(2, people, "contact")]
    )
    tag = organisation.get(f"emails({email})").headers["etag"]

    replaced = organisation.put(f"emails({email})/email_activity_parties", {"value": [party(3, people, "contact")]})

    assert replaced.status_code == 204
    assert roles(organisation, "emails", email) == [(3, guid(1)), (9, me)]
    assert organisation.get(f"emails({email})").headers["etag"] == tag


def test_patch_with_one_owner_row_clears_sender_and_recipients(
    organisation: Organisation, people: dict[str, str]
) -> None:
    me = organisation.get("WhoAmI").json()["UserId"]
    email = organisation.make(
        "emails", email_activity_parties=[party(1, people, "systemuser"), party(2, people, "contact")]
    )

    # github.com/MicrosoftDocs/dynamics-365-customer-engagement issue 2671.
    organisation.patch(f"emails({email})", {"email_activity_parties": [party(9, people, "systemuser")]})

    assert roles(organisation, "emails", email) == [(9, me)]


def test_parties_in_a_creating_patch_are_refused(organisation: Organisation, people: dict[str, str]) -> None:
    refused = organisation.patch(f"emails({guid(50)})", {"email_activity_parties": [party(2, people, "contact")]})

    assert refusal(refused) == (400, "0x80060888")
    assert refused.json()["error"]["message"] == "Deep update of navigation properties is not allowed."


def test_parties_of_a_recorded_mail_cannot_be_changed(organisation: Organisation, people: dict[str, str]) -> None:
    email = organisation.make("emails", email_activity_parties=[party(2, people, "contact")])
    organisation.patch(f"emails({email})", {"statecode": 1, "statuscode": 3})

    refused = organisation.put(f"emails({email})/email_activity_parties", {"value": []})

    assert refusal(refused) == (400, "0x80040230")


def test_changed_regarding_moves_the_servers_row_and_keeps_the_others(
    organisation: Organisation, people: dict[str, str]
) -> None:
    me = organisation.get("WhoAmI").json()["UserId"]
    call = organisation.make(
        "phonecalls",
        **{
            "regardingobjectid_contact_phonecall@odata.bind": people["contact"],
            "phonecall_activity_parties": [party(2, people, "contact")],
        },
    )
    organisation.patch(f"phonecalls({call})", {"regardingobjectid_account_phonecall@odata.bind": people["account"]})

    assert roles(organisation, "phonecalls", call) == [(2, guid(1)), (8, guid(2)), (9, me)]


def test_deleted_contact_leaves_a_marked_party(organisation: Organisation, people: dict[str, str]) -> None:
    email = organisation.make("emails", email_activity_parties=[party(2, people, "contact")])
    organisation.delete(people["contact"].lstrip("/"))

    to = next(
        p for p in organisation.values(f"emails({email})/email_activity_parties") if p["participationtypemask"] == 2
    )
    assert (to["ispartydeleted"], to["_partyid_value"]) == (True, guid(1))


def test_activityparties_can_be_read_and_not_written(organisation: Organisation, people: dict[str, str]) -> None:
    email = organisation.make("emails", email_activity_parties=[party(2, people, "contact")])

    found = organisation.values("activityparties", filter=f"_partyid_value eq {guid(1)}", select="_activityid_value")

    assert [each["_activityid_value"] for each in found] == [email]
    assert refusal(organisation.post("activityparties", {"participationtypemask": 2})) == (400, "0x80040800")


def test_merge_moves_activities_and_parties_but_not_notes(organisation: Organisation, people: dict[str, str]) -> None:
    survivor = organisation.make("contacts", lastname="Fogg", firstname="Phileas")
    task = organisation.make("tasks", **{"regardingobjectid_contact_task@odata.bind": people["contact"]})
    organisation.patch(f"tasks({task})", {"statecode": 1})
    note = organisation.make("annotations", **{"objectid_contact@odata.bind": people["contact"]})
    email = organisation.make("emails", email_activity_parties=[party(2, people, "contact")])
    body = {
        "Target": {"@odata.type": "Microsoft.Dynamics.CRM.contact", "contactid": survivor},
        "Subordinate": {"@odata.type": "Microsoft.Dynamics.CRM.contact", "contactid": guid(1)},
        "UpdateContent": {"@odata.type": "Microsoft.Dynamics.CRM.contact", "jobtitle": "Gentleman"},
        "PerformParentingChecks": False,
    }

    merged, again = organisation.post("Merge", body), organisation.post("Merge", body)

    assert merged.status_code == 204
    assert refusal(again) == (400, "0x80045304")
    gone = organisation.get(f"contacts({guid(1)})").json()
    assert (gone["merged"], gone["_masterid_value"], gone["statecode"]) == (True, survivor, 1)
    assert organisation.get(f"contacts({survivor})").json()["jobtitle"] == "Gentleman"
    assert organisation.get(f"tasks({task})").json()["_regardingobjectid_value"] == survivor
    assert organisation.get(f"annotations({note})").json()["_objectid_value"] == guid(1)
    assert (2, survivor) in roles(organisation, "emails", email)
