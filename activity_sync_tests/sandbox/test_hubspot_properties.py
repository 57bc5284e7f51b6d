"""Property definitions, owners, account and limits, from HubSpot's guides and published OpenAPI files."""

from typing import Any

import pytest

from activity_sync_tests.sandbox.hubspot_portal import AT, Portal, portal

__all__ = ["portal"]

ROOTS = ["/crm/properties/2026-09", "/crm/properties/2026-03", "/crm/v3/properties"]
TASKS = "/crm/properties/2026-09/tasks"


def definition(name: str = "dynamics_id", **more: Any) -> dict[str, Any]:
    given = {"name": name, "label": "Dynamics ID", "type": "string", "fieldType": "text", "groupName": "task"}
    return given | more


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("kind", ["tasks", "0-27"])
def test_definitions_tell_options_and_what_is_read_only(portal: Portal, root: str, kind: str) -> None:
    listed = {each["name"]: each for each in portal.get(f"{root}/{kind}").json()["results"]}

    status, created = listed["hs_task_status"], listed["hs_createdate"]
    assert [each["value"] for each in status["options"]] == [
        "NOT_STARTED",
        "IN_PROGRESS",
        "WAITING",
        "DEFERRED",
        "COMPLETED",
    ]
    assert status["modificationMetadata"]["readOnlyValue"] is False
    assert created["modificationMetadata"]["readOnlyValue"] is True
    assert status["hubspotDefined"] is True
    assert listed["hubspot_owner_id"]["referencedObjectType"] == "OWNER"


@pytest.mark.parametrize("kind", ["notes", "tasks", "calls", "emails", "meetings"])
def test_unique_property_can_be_made_on_every_activity_and_written(portal: Portal, kind: str) -> None:
    [group, *_] = [each["name"] for each in portal.get(f"/crm/properties/2026-09/{kind}/groups").json()["results"]]

    made = portal.post(f"/crm/properties/2026-09/{kind}", definition(groupName=group, hasUniqueValue=True))

    assert made.status_code == 201
    assert made.json()["hasUniqueValue"] is True
    assert made.json()["hubspotDefined"] is False
    record = portal.make(kind, dynamics_id="a")
    by_key = portal.get(f"/crm/objects/2026-09/{kind}/a", idProperty="dynamics_id")
    assert by_key.json()["id"] == record


def test_unique_and_custom_properties_can_be_forbidden(portal: Portal) -> None:
    portal.set(allow_unique_properties=False)
    unique, plain = portal.post(TASKS, definition(hasUniqueValue=True)), portal.post(TASKS, definition())
    portal.set(allow_custom_properties=False)
    custom = portal.post(TASKS, definition("another"))

    assert (unique.status_code, plain.status_code, custom.status_code) == (400, 201, 403)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Has Capitals"},
        {"type": "text"},
        {"fieldType": "date"},
        {"groupName": "none_such"},
        {"label": ""},
        {"type": "enumeration", "fieldType": "select"},
        {"type": "bool", "fieldType": "booleancheckbox", "hasUniqueValue": True},
    ],
)
def test_definition_that_makes_no_sense_is_refused(portal: Portal, wrong: dict[str, Any]) -> None:
    assert portal.post(TASKS, definition(**{"name": "fine"} | wrong)).status_code == 400


def test_name_that_is_taken_is_a_conflict(portal: Portal) -> None:
    portal.post(TASKS, definition())

    assert portal.post(TASKS, definition()).status_code == 409
    assert portal.post(TASKS, definition("hs_task_status")).status_code == 409


def test_no_more_than_ten_unique_properties_per_type(portal: Portal) -> None:
    made = [portal.post(TASKS, definition(f"key_{number}", hasUniqueValue=True)).status_code for number in range(11)]

    assert made == [201] * 10 + [400]


def test_uniqueness_never_changes_and_the_label_does(portal: Portal) -> None:
    portal.post(TASKS, definition())

    refused = portal.patch(f"{TASKS}/dynamics_id", {"hasUniqueValue": True})
    changed = portal.patch(f"{TASKS}/dynamics_id", {"label": "Other"})

    assert (refused.status_code, changed.status_code) == (400, 200)
    assert portal.get(f"{TASKS}/dynamics_id").json()["label"] == "Other"


def test_archived_definition_is_unknown_to_writes(portal: Portal) -> None:
    portal.post(TASKS, definition())
    gone, kept = portal.delete(f"{TASKS}/dynamics_id"), portal.delete(f"{TASKS}/hs_task_status")

    write = portal.post("/crm/objects/2026-09/tasks", {"properties": {"hs_timestamp": AT, "dynamics_id": "x"}})

    assert (gone.status_code, kept.status_code, write.status_code) == (204, 400, 400)
    assert portal.get(f"{TASKS}/dynamics_id").status_code == 404
    assert [each["name"] for each in portal.get(TASKS, archived="true").json()["results"]] == ["dynamics_id"]


def test_batches_of_definitions(portal: Portal) -> None:
    inputs = [definition("one"), definition("two"), definition("three", groupName="none_such")]

    made = portal.post("/crm/v3/properties/tasks/batch/create", {"inputs": inputs})
    read = portal.post(f"{TASKS}/batch/read", {"inputs": [{"name": "one"}, {"name": "nine"}], "archived": False})
    gone = portal.post(f"{TASKS}/batch/archive", {"inputs": [{"name": "one"}, {"name": "two"}]})

    assert made.status_code == 207
    assert {each["name"] for each in made.json()["results"]} == {"one", "two"}
    assert made.json()["errors"][0]["context"]["name"] == ["three"]
    assert [each["name"] for each in read.json()["results"]] == ["one"]
    assert gone.status_code == 204


def test_group_is_made_and_used(portal: Portal) -> None:
    made = portal.post(f"{TASKS}/groups", {"name": "activity_sync", "label": "Activity Sync", "displayOrder": -1})

    assert made.status_code == 201
    assert portal.get(f"{TASKS}/groups/activity_sync").json()["label"] == "Activity Sync"
    assert portal.post(TASKS, definition(groupName="activity_sync")).status_code == 201
    assert portal.post(f"{TASKS}/groups", {"name": "activity_sync", "label": "x"}).status_code == 409
    assert portal.get(f"{TASKS}/groups/none").status_code == 404


OWNERS = [
    {"id": "1", "userId": 10, "email": "Active@x.de", "firstName": "A", "lastName": "B"},
    {"id": "2", "userId": 20, "email": "gone@x.de", "archived": True},
    {"id": "3", "userId": 30, "email": "third@x.de"},
]


@pytest.mark.parametrize("root", ["/crm/owners/2026-09", "/crm/owners/2026-03", "/crm/v3/owners", "/crm/v3/owners/"])
def test_owners_are_listed_active_or_archived(portal: Portal, root: str) -> None:
    portal.store.load({"owners": OWNERS})

    active, archived = portal.get(root).json()["results"], portal.get(root, archived="true").json()["results"]
    by_email = portal.get(root, email="active@x.de").json()["results"]
    page = portal.get(root, limit=1).json()

    assert [each["id"] for each in active] == ["1", "3"]
    assert [each["id"] for each in archived] == ["2"]
    assert "userId" not in archived[0]
    assert archived[0]["userIdIncludingInactive"] == 20
    assert [each["id"] for each in by_email] == ["1"]
    assert page["paging"]["next"]["after"] == "3"
    assert portal.get(root, limit=501).status_code == 400


def test_owner_is_found_by_id_and_by_user(portal: Portal) -> None:
    portal.store.load({"owners": OWNERS})
    root = "/crm/owners/2026-09"

    assert portal.get(f"{root}/1").json()["email"] == "Active@x.de"
    assert portal.get(f"{root}/30", idProperty="userId").json()["id"] == "3"
    assert portal.get(f"{root}/2").status_code == 404
    assert portal.get(f"{root}/2", archived="true").json()["id"] == "2"
    assert portal.get(f"{root}/20", idProperty="userId", archived="true").json()["id"] == "2"


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_account_tells_its_id_and_host(portal: Portal, version: str) -> None:
    portal.set(hubspot_ui_domain="app-eu1.hubspot.com", hubspot_portal_id=4711)

    shown = portal.get(f"/account-info/{version}/details").json()

    assert (shown["portalId"], shown["uiDomain"]) == (4711, "app-eu1.hubspot.com")


@pytest.mark.parametrize("root", ["/crm/v3/limits", "/crm/limits/2026-09"])
def test_limits_tell_what_is_used(portal: Portal, root: str) -> None:
    portal.post(TASKS, definition())
    portal.make("tasks")

    properties, records = portal.get(f"{root}/custom-properties").json(), portal.get(f"{root}/records").json()

    by_type = {each["objectTypeId"]: each for each in properties["byObjectType"]}
    assert (properties["overallUsage"], properties["overallLimit"]) == (1, 10_000)
    assert (by_type["0-27"]["usage"], by_type["0-27"]["limit"]) == (1, 1_000)
    assert {each["objectTypeId"]: each["usage"] for each in records["hubspotDefinedObjectTypes"]}["0-27"] == 1


def test_call_outcomes_are_listed(portal: Portal) -> None:
    outcomes = {each["label"]: each["id"] for each in portal.get("/calling/v1/dispositions").json()}

    assert outcomes["Connected"] == "f240bbac-87c9-4f6e-bf70-924b57d47db7"
