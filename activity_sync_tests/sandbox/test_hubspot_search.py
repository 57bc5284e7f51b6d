"""Search, from the rules and examples of HubSpot's guide "Search the CRM"."""

from typing import Any

import pytest

from activity_sync_tests.sandbox.hubspot_portal import NOON_MS, Portal, links, portal

__all__ = ["portal"]

CONTACTS = "/crm/objects/2026-09/contacts/search"
NOTES = "/crm/objects/2026-09/notes/search"


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    given = {"propertyName": name, "operator": operator} | more
    return {"filterGroups": [{"filters": [given | ({} if value is None else {"value": value})]}]}


def found(portal: Portal, path: str, body: dict[str, Any]) -> list[str]:
    answer = portal.post(path, body)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["results"]]


@pytest.fixture
def people(portal: Portal) -> dict[str, str]:
    portal.store.load(
        {
            "objects": {
                "contacts": [
                    {
                        "id": "1",
                        "properties": {"firstname": "Alice", "email": "alice@hubspot.com", "associatedcompanyid": "3"},
                    },
                    {
                        "id": "2",
                        "properties": {"firstname": "Bob", "email": "bob@hubspot.com", "associatedcompanyid": "20"},
                    },
                    {
                        "id": "3",
                        "properties": {
                            "lastname": "Smith",
                            "hs_lead_status": "NEW",
                            "hs_additional_emails": "x@y.de;q@r.de",
                        },
                    },
                ]
            }
        }
    )
    return {"alice": "1", "bob": "2", "smith": "3"}


@pytest.mark.parametrize(
    ("name", "operator", "value", "ids"),
    [
        ("firstname", "EQ", "Alice", ["1"]),
        ("firstname", "EQ", "aLICE", ["1"]),
        ("firstname", "NEQ", "Alice", ["2"]),
        ("firstname", "HAS_PROPERTY", None, ["1", "2"]),
        ("firstname", "NOT_HAS_PROPERTY", None, ["3"]),
        ("associatedcompanyid", "GT", "3", ["2"]),
        ("associatedcompanyid", "GTE", "3", ["1", "2"]),
        ("associatedcompanyid", "LT", "20", ["1"]),
        ("associatedcompanyid", "LTE", "20", ["1", "2"]),
        ("email", "CONTAINS_TOKEN", "*@hubspot.com", ["1", "2"]),
        ("email", "NOT_CONTAINS_TOKEN", "alice@hubspot.com", ["2"]),
        ("hs_additional_emails", "CONTAINS_TOKEN", "q@r.de", ["3"]),
        ("hs_lead_status", "EQ", "NEW", ["3"]),
        # Enumerations keep their case.
        ("hs_lead_status", "EQ", "new", []),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("people")
def test_operators(portal: Portal, name: str, operator: str, value: str | None, ids: list[str]) -> None:
    assert found(portal, CONTACTS, where(name, operator, value)) == ids


@pytest.mark.parametrize(
    ("operator", "values", "ids"),
    [("IN", ["alice", "bob"], ["1", "2"]), ("IN", ["Alice"], []), ("NOT_IN", ["bob"], ["1"])],
)
@pytest.mark.usefixtures("people")
def test_lists_of_text_need_lower_case(portal: Portal, operator: str, values: list[str], ids: list[str]) -> None:
    assert found(portal, CONTACTS, where("firstname", operator, values=values)) == ids


@pytest.mark.usefixtures("people")
def test_between_takes_both_ends(portal: Portal) -> None:
    assert found(portal, CONTACTS, where("associatedcompanyid", "BETWEEN", "3", highValue="19")) == ["1"]


def test_groups_are_alternatives_and_filters_all_hold(portal: Portal, people: dict[str, str]) -> None:
    """The example of the guide: named Alice and not Smith, or with an address at hubspot.com."""
    body = {
        "filterGroups": [
            {
                "filters": [
                    {"propertyName": "firstname", "operator": "EQ", "value": "Alice"},
                    {"propertyName": "lastname", "operator": "NOT_HAS_PROPERTY"},
                ]
            },
            {"filters": [{"propertyName": "lastname", "operator": "EQ", "value": "smith"}]},
        ]
    }

    assert found(portal, CONTACTS, body) == [people["alice"], people["smith"]]


def test_filters_without_a_group_are_one_group(portal: Portal, people: dict[str, str]) -> None:
    body = {"filters": [{"propertyName": "email", "operator": "EQ", "value": "bob@hubspot.com"}]}

    assert found(portal, CONTACTS, body) == [people["bob"]]


def test_modified_date_is_filtered_by_milliseconds_and_sorted(portal: Portal) -> None:
    portal.set(hubspot_post_processing=False)
    ids = []
    for _ in range(3):
        ids.append(portal.make("notes"))
        portal.wait(1)
    body = where("hs_lastmodifieddate", "GTE", str(NOON_MS + 1000)) | {
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "DESCENDING"}]
    }

    assert found(portal, NOTES, body) == [ids[2], ids[1]]


def test_default_order_is_oldest_created_first(portal: Portal) -> None:
    ids = []
    for _ in range(3):
        ids.append(portal.make("notes"))
        portal.wait(1)
    portal.patch(f"/crm/objects/2026-09/notes/{ids[0]}", {"properties": {"hs_note_body": "later"}})

    assert found(portal, NOTES, {}) == ids


def test_pages_are_offsets(portal: Portal) -> None:
    ids = [portal.make("notes") for _ in range(5)]

    first = portal.post(NOTES, {"limit": 2}).json()
    last = portal.post(NOTES, {"limit": 2, "after": "4"}).json()

    assert first["total"] == 5
    assert first["paging"] == {"next": {"after": "2"}}
    assert [each["id"] for each in last["results"]] == ids[4:]
    assert "paging" not in last


def test_page_of_ten_unless_asked_for(portal: Portal) -> None:
    for _ in range(12):
        portal.make("notes")

    assert len(found(portal, NOTES, {})) == 10


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"after": "9990", "limit": 20},
        {"sorts": [{"propertyName": "hs_createdate"}, {"propertyName": "hs_object_id"}]},
        {"sorts": [{"propertyName": "none_such"}]},
        {"sorts": [{"propertyName": "hs_createdate", "direction": "UP"}]},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [{"propertyName": "hs_object_id", "operator": "HAS_PROPERTY"}] * 7}]},
        {"filterGroups": [{"filters": [{"propertyName": "hs_object_id", "operator": "HAS_PROPERTY"}] * 4}] * 5},
        {"properties": ["x" * 3000]},
        where("none_such", "EQ", "1"),
        where("hs_object_id", "LIKE", "1"),
        where("hs_object_id", "EQ", "one"),
        where("hs_object_id", "EQ"),
        where("hs_object_id", "IN"),
        where("hs_object_id", "BETWEEN", "1"),
        where("hs_timestamp", "GTE", "yesterday"),
        where("hs_body_preview_html", "HAS_PROPERTY"),
        where("hs_body_preview", "EQ", "x"),
        {"filterGroups": {}},
    ],
)
def test_what_search_does_not_take_is_refused(portal: Portal, body: dict[str, Any]) -> None:
    refused = portal.post(NOTES, body)

    assert refused.status_code == 400
    assert refused.json()["category"] == "VALIDATION_ERROR"


def test_html_of_a_mail_cannot_be_searched(portal: Portal) -> None:
    assert portal.post("/crm/objects/2026-09/emails/search", where("hs_email_html", "EQ", "x")).status_code == 400


def test_last_page_within_the_cap_is_given(portal: Portal) -> None:
    assert portal.post(NOTES, {"after": "9800", "limit": 200}).status_code == 200


def test_archived_records_are_never_found(portal: Portal) -> None:
    note = portal.make("notes")
    portal.delete(f"/crm/objects/2026-09/notes/{note}")

    assert found(portal, NOTES, {}) == []


def test_new_record_is_unseen_until_the_index_has_it(portal: Portal) -> None:
    portal.set(search_lag_seconds=5.0, hubspot_post_processing=False)
    note = portal.make("notes")

    at_once = found(portal, NOTES, {})
    portal.wait(5)

    assert at_once == []
    assert found(portal, NOTES, {}) == [note]


def test_changed_record_shows_its_former_state_until_the_index_has_it(portal: Portal) -> None:
    portal.set(hubspot_post_processing=False)
    call = portal.make("calls", hs_call_title="old")
    portal.wait(10)
    portal.set(search_lag_seconds=5.0)
    portal.patch(f"/crm/objects/2026-09/calls/{call}", {"properties": {"hs_call_title": "new"}})
    path, body = "/crm/objects/2026-09/calls/search", {"properties": ["hs_call_title"]}

    stale = portal.post(path, body).json()["results"][0]
    portal.wait(5)
    fresh = portal.post(path, body).json()["results"][0]

    assert (stale["properties"]["hs_call_title"], stale["updatedAt"]) == ("old", "2026-11-21T12:00:00Z")
    assert (fresh["properties"]["hs_call_title"], fresh["updatedAt"]) == ("new", "2026-11-21T12:00:10Z")


def test_records_are_found_by_what_they_hang_on(portal: Portal) -> None:
    contact = portal.make("contacts")
    note = portal.make("notes", hangs_on={202: contact})
    portal.make("notes")

    assert found(portal, NOTES, where("associations.contact", "EQ", contact)) == [note]


def test_association_made_later_is_found_and_moves_no_date(portal: Portal) -> None:
    contact, note = portal.make("contacts"), portal.make("notes")
    portal.wait(10)
    before = portal.read("notes", note)["updatedAt"]
    body = {"inputs": [{"from": {"id": note}, "to": {"id": contact}, "types": links({202: contact})[0]["types"]}]}

    portal.post("/crm/associations/2026-09/notes/contacts/batch/create", body)
    portal.wait(10)

    assert found(portal, NOTES, where("associations.contact", "EQ", contact)) == [note]
    assert portal.read("notes", note)["updatedAt"] == before


def test_words_are_searched_in_the_usual_fields(portal: Portal, people: dict[str, str]) -> None:
    assert found(portal, CONTACTS, {"query": "SMITH"}) == [people["smith"]]


def test_results_are_remembered_only_while_they_hold(portal: Portal) -> None:
    first = found(portal, NOTES, {})
    note = portal.make("notes")
    second = found(portal, NOTES, {})
    portal.wait(2)
    moved = portal.post(NOTES, {}).json()["results"][0]["updatedAt"]

    assert (first, second) == ([], [note])
    assert moved != "2026-11-21T12:00:00Z"
