"""Reading: query options, paging, annotations, expansion; after the documentation's examples."""

from urllib.parse import unquote

import pytest

from activity_sync_tests.sandbox.dynamics_organisation import (
    ANNOTATED,
    ROOT,
    Organisation,
    guid,
    organisation,
    refusal,
)

__all__ = ["organisation"]

FORMATTED = "@OData.Community.Display.V1.FormattedValue"


@pytest.fixture
def people(organisation: Organisation) -> Organisation:
    organisation.store.load(
        {
            "records": {
                "contact": [
                    {"contactid": guid(1), "firstname": "Jo", "lastname": "Müller", "emailaddress1": "Jo@Example.com"},
                    {"contactid": guid(2), "lastname": "O'Brien", "emailaddress1": "ob@example.com"},
                    {"contactid": guid(3), "lastname": "50% off", "jobtitle": "Buyer"},
                    {"contactid": guid(4), "lastname": "Zed", "jobtitle": "Seller"},
                ],
                "task": [
                    {
                        "activityid": guid(10 + number),
                        "subject": f"task {number}",
                        "modifiedon": f"2026-11-20T10:00:{number // 2:02d}Z",
                        "regardingobjectid": {"type": "contact", "id": guid(1 + number % 2)},
                        "prioritycode": number % 3,
                    }
                    for number in range(9)
                ],
            }
        }
    )
    return organisation


def names(organisation: Organisation, **params: str) -> list[str]:
    return sorted(row["lastname"] for row in organisation.values("contacts", **params))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lastname eq 'ZED'", ["Zed"]),
        ("lastname eq 'Muller'", ["Müller"]),
        ("lastname eq 'o''brien'", ["O'Brien"]),
        ("emailaddress1 eq 'jo@example.com'", ["Müller"]),
        ("startswith(lastname,'z')", ["Zed"]),
        ("endswith(lastname,'OFF')", ["50% off"]),
        ("contains(lastname,'e')", ["Müller", "O'Brien", "Zed"]),
        ("contains(lastname,'0%o')", ["50% off"]),
        ("startswith(lastname,'[mz]')", ["Müller", "Zed"]),
        ("jobtitle eq null", ["Müller", "O'Brien"]),
        ("jobtitle ne null", ["50% off", "Zed"]),
        ("jobtitle ne 'Buyer'", ["Müller", "O'Brien", "Zed"]),
        ("not (jobtitle eq 'Buyer')", ["Zed"]),
        ("not contains(jobtitle,'uy')", ["Zed"]),
        ("jobtitle eq 'Buyer' or lastname eq 'Zed' and jobtitle eq 'x'", ["50% off"]),
        ("(jobtitle eq 'Buyer' or lastname eq 'Zed') and statecode eq 0", ["50% off", "Zed"]),
        ("contactid eq 00000000-0000-0000-0000-000000000004", ["Zed"]),
        ("createdon le 2026-11-21T12:00:00Z and createdon ge 2026-11-21", ["50% off", "Müller", "O'Brien", "Zed"]),
        ("createdon ge 2026-11-21T12:00:00.5Z", []),
        ("createdon lt 2026-11-21T12:00:00.5Z and jobtitle eq 'Seller'", ["Zed"]),
        ("firstname eq lastname", []),
        (
            f"Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=['{guid(1)}','{guid(4)}'])",
            ["Müller", "Zed"],
        ),
        ("Microsoft.Dynamics.CRM.In(PropertyName='lastname',PropertyValues=[\"O'Brien\",'ZED'])", ["O'Brien", "Zed"]),
        (
            "Microsoft.Dynamics.CRM.NotIn(PropertyName='lastname',PropertyValues=['zed'])",
            ["50% off", "Müller", "O'Brien"],
        ),
        (
            "jobtitle eq 'Buyer' and "  # noqa: ISC004 - one filter
            "Microsoft.Dynamics.CRM.Between(PropertyName='createdon',PropertyValues=['2026-11-21','2026-11-22'])",
            ["50% off"],
        ),
        ("Microsoft.Dynamics.CRM.OnOrAfter(PropertyName='createdon',PropertyValue='2026-11-22')", []),
        (
            "Microsoft.Dynamics.CRM.LastXHours(PropertyName='createdon',PropertyValue=1) and jobtitle eq 'Buyer'",
            ["50% off"],
        ),
    ],
)
def test_filters_of_contacts(people: Organisation, text: str, found: list[str]) -> None:
    assert names(people, filter=text) == found


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("regardingobjectid_contact_task/lastname eq 'müller'", [0, 2, 4, 6, 8]),
        (f"_regardingobjectid_value eq {guid(2)}", [1, 3, 5, 7]),
        ("modifiedon ge 2026-11-20T10:00:03Z", [6, 7, 8]),
        (
            f"modifiedon gt 2026-11-20T10:00:03Z or (modifiedon eq 2026-11-20T10:00:03Z and activityid gt {guid(16)})",
            [7, 8],
        ),
        ("prioritycode eq 2", [2, 5, 8]),
        (f"task_activity_parties/any(p:p/participationtypemask eq 8 and p/_partyid_value eq {guid(2)})", [1, 3, 5, 7]),
        ("not Task_Annotation/any()", list(range(9))),
    ],
)
def test_filters_of_tasks(people: Organisation, text: str, numbers: list[int]) -> None:
    found = sorted(row["subject"] for row in people.values("tasks", filter=text))

    assert found == [f"task {number}" for number in numbers]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (
            {"filter": "made_up eq 1"},
            "Could not find a property named 'made_up' on type 'Microsoft.Dynamics.CRM.task'.",
        ),
        ({"select": "regardingobjectid"}, "Could not find a property named 'regardingobjectid'"),
        ({"select": "Subject"}, "Could not find a property named 'Subject'"),
        ({"orderby": "made_up"}, "Could not find a property named 'made_up'"),
        ({"expand": "made_up"}, "Could not find a property named 'made_up'"),
        ({"skip": "5"}, "Skip Clause is not supported in CRM"),
        ({"filter": "modifiedon ge '2026-11-20T10:00:00Z'"}, "incompatible types"),
        ({"filter": f"activityid eq '{guid(1)}'"}, "incompatible types"),
        ({"filter": "subject eq 'open"}, "Syntax error"),
        ({"filter": "subject eq 'a' subject"}, "Syntax error"),
        ({"filter": "Microsoft.Dynamics.CRM.In(PropertyName='subject',PropertyValues=['O''Brien'])"}, "Invalid JSON"),
        ({"filter": "length(subject) eq 5"}, "unknown function"),
        ({"expand": "ownerid($select=fullname)"}, "'fullname' on type 'Microsoft.Dynamics.CRM.principal'"),
        ({"expand": "task_activity_parties($top=1)"}, "$top"),
        ({"top": "none"}, "$top"),
    ],
)
def test_query_that_cannot_be_answered(people: Organisation, params: dict[str, str], words: str) -> None:
    refused = people.get("tasks", **params)

    assert refusal(refused) == (400, "0x80060888")
    assert words in refused.json()["error"]["message"]


def test_body_of_a_mail_cannot_be_filtered(organisation: Organisation) -> None:
    assert refusal(organisation.get("emails", filter="contains(description,'x')")) == (400, "0x80060888")


def test_unknown_and_misspelt_sets_are_404(organisation: Organisation) -> None:
    assert refusal(organisation.get("Tasks")) == (404, "0x8006088a")


def test_selected_columns_come_with_key_and_tag(people: Organisation) -> None:
    row = people.values("tasks", select="subject,_regardingobjectid_value", top="1")[0]

    assert set(row) == {"@odata.etag", "subject", "_regardingobjectid_value", "activityid"}


def test_all_columns_come_without_selection_and_empty_ones_as_null(people: Organisation) -> None:
    row = people.values("tasks", top="1")[0]

    assert row["scheduledend"] is None
    assert row["_owningteam_value"] is None
    assert not [name for name in row if "@" in name and name != "@odata.etag"]


def test_annotations_tell_the_lookups_table_and_name(people: Organisation) -> None:
    row = people.values("tasks", ANNOTATED, filter=f"activityid eq {guid(10)}")[0]

    name = "_regardingobjectid_value"
    assert row[f"{name}@Microsoft.Dynamics.CRM.lookuplogicalname"] == "contact"
    assert row[f"{name}@Microsoft.Dynamics.CRM.associatednavigationproperty"] == "regardingobjectid_contact_task"
    assert row[f"{name}{FORMATTED}"] == "Jo Müller"
    assert row[f"statecode{FORMATTED}"] == "Open"
    # Formatted dates are in the caller's zone and manner: an hour on from UTC here.
    assert row[f"modifiedon{FORMATTED}"] == "20.11.2026 11:00"


def test_annotations_come_as_asked_for(people: Organisation) -> None:
    prefer = {"Prefer": 'odata.include-annotations="Microsoft.Dynamics.CRM.*"'}
    row = people.values("tasks", prefer, top="1")[0]

    assert "_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname" in row
    assert not [name for name in row if name.endswith(FORMATTED)]


def test_user_as_party_has_no_navigation_property(people: Organisation) -> None:
    parties = people.values(f"tasks({guid(10)})/task_activity_parties", ANNOTATED)
    owner = next(each for each in parties if each["participationtypemask"] == 9)

    assert owner["_partyid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "systemuser"
    assert "_partyid_value@Microsoft.Dynamics.CRM.associatednavigationproperty" not in owner


def test_expanded_parties_carry_a_next_link_that_repeats_them(people: Organisation) -> None:
    row = people.values(
        "tasks", filter=f"activityid eq {guid(10)}", expand="task_activity_parties($select=participationtypemask)"
    )[0]
    again = people.follow(row["task_activity_parties@odata.nextLink"]).json()["value"]

    def roles(parties: list[dict[str, int]]) -> list[int]:
        return sorted(each["participationtypemask"] for each in parties)

    assert roles(row["task_activity_parties"]) == roles(again) == [8, 9]
    assert set(row["task_activity_parties"][0]) == {"@odata.etag", "participationtypemask", "activitypartyid"}


def test_single_valued_navigation_expands_to_the_row_or_null(people: Organisation) -> None:
    row = people.values(
        "tasks",
        filter=f"activityid eq {guid(10)}",
        expand="regardingobjectid_contact_task($select=fullname),regardingobjectid_account_task($select=name)",
    )[0]

    assert row["regardingobjectid_contact_task"]["fullname"] == "Jo Müller"
    assert row["regardingobjectid_account_task"] is None


def test_activities_of_a_contact_are_read_through_its_collections(people: Organisation) -> None:
    # learn.microsoft.com webapi/query/join-tables: accounts?$expand=Account_Tasks.
    row = people.values(
        "contacts",
        filter=f"contactid eq {guid(1)}",
        select="fullname",
        expand="Contact_Tasks($select=subject;$orderby=subject desc;$top=2)",
    )[0]
    below = people.values(
        f"contacts({guid(1)})/Contact_Tasks", select="subject", orderby="subject", filter="prioritycode eq 0"
    )

    assert [each["subject"] for each in row["Contact_Tasks"]] == ["task 8", "task 6"]
    assert [each["subject"] for each in below] == ["task 0", "task 6"]


def test_pages_follow_the_link_as_it_stands(people: Organisation) -> None:
    prefer = {"Prefer": "odata.maxpagesize=4"}
    first = people.get("tasks", prefer, select="subject", orderby="modifiedon asc,activityid asc")
    second = people.follow(first.json()["@odata.nextLink"], prefer)
    third = people.follow(second.json()["@odata.nextLink"], prefer)

    pages = [[row["subject"] for row in page.json()["value"]] for page in (first, second, third)]
    assert [len(page) for page in pages] == [4, 4, 1]
    assert [subject for page in pages for subject in page] == [f"task {number}" for number in range(9)]
    assert "@odata.nextLink" not in third.json()
    assert first.headers["preference-applied"] == "odata.maxpagesize=4"


@pytest.mark.parametrize("change", [unquote, lambda link: link.replace("%25", "%2525")])
def test_link_that_was_decoded_or_encoded_again_is_refused(people: Organisation, change: object) -> None:
    prefer = {"Prefer": "odata.maxpagesize=4"}
    link = people.get("tasks", prefer).json()["@odata.nextLink"]

    assert refusal(people.follow(change(link), prefer)) == (400, "0x80060888")  # type: ignore[operator]


def test_page_is_evaluated_afresh(people: Organisation) -> None:
    prefer = {"Prefer": "odata.maxpagesize=4"}
    first = people.get("tasks", prefer, select="subject", orderby="modifiedon asc,activityid asc").json()
    people.patch(f"tasks({guid(10)})", {"subject": "moved to the end"})
    people.delete(f"tasks({guid(14)})")

    second = people.follow(first["@odata.nextLink"], prefer).json()
    rest = people.follow(second["@odata.nextLink"], prefer).json()["value"] if "@odata.nextLink" in second else []

    seen = [row["subject"] for row in second["value"] + rest]
    assert seen == ["task 5", "task 6", "task 7", "task 8", "moved to the end"]


def test_ties_in_the_order_repeat_or_miss_rows(organisation: Organisation) -> None:
    same = [{"activityid": guid(100 + n), "subject": "s", "modifiedon": "2026-11-20T10:00:00Z"} for n in range(40)]
    organisation.store.load({"records": {"task": same}})
    prefer = {"Prefer": "odata.maxpagesize=20"}

    first = organisation.get("tasks", prefer, orderby="modifiedon").json()
    second = organisation.follow(first["@odata.nextLink"], prefer).json()

    seen = {row["activityid"] for row in first["value"] + second["value"]}
    assert len(first["value"]) == len(second["value"]) == 20
    assert len(seen) < 40


def test_top_is_ignored_when_a_page_size_is_preferred(people: Organisation) -> None:
    plain = people.get("tasks", top="2").json()
    sized = people.get("tasks", {"Prefer": "odata.maxpagesize=5"}, top="2").json()

    assert len(plain["value"]) == 2
    assert "@odata.nextLink" not in plain
    assert len(sized["value"]) == 5
    assert "@odata.nextLink" in sized


def test_count_is_capped(people: Organisation) -> None:
    exact = people.get("tasks", count="true", top="1").json()["@odata.count"]
    people.set(dynamics_count_cap=5)
    annotated = people.get("tasks", ANNOTATED, count="true", top="1").json()

    assert exact == 9
    assert annotated["@odata.count"] == 5
    assert annotated["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is True
    assert people.get("tasks/$count").text == "5"
    assert people.get("tasks/$count", filter="prioritycode eq 0").text == "3"


def test_total_record_count(people: Organisation) -> None:
    found = people.get("RetrieveTotalRecordCount(EntityNames=['task','contact'])").json()

    assert found["EntityRecordCountCollection"]["Keys"] == ["task", "contact"]
    assert found["EntityRecordCountCollection"]["Values"] == [9, 4]


def test_union_of_activities(people: Organisation) -> None:
    people.make("phonecalls", subject="call", phonenumber="1")

    found = people.values(
        "activitypointers",
        select="subject,activitytypecode",
        filter="contains(subject,'call') or subject eq 'task 1'",
        orderby="subject",
    )

    assert [(row["subject"], row["activitytypecode"]) for row in found] == [("call", "phonecall"), ("task 1", "task")]
    assert refusal(people.post("activitypointers", {"subject": "s"})) == (400, "0x80040800")
    assert refusal(people.get("activitypointers", select="phonenumber")) == (400, "0x80060888")


def test_parameter_alias(people: Organisation) -> None:
    found = people.get("contacts", **{"filter": "lastname eq @p1", "@p1": "'zed'"}).json()["value"]

    assert [row["lastname"] for row in found] == ["Zed"]


def test_one_column_is_read_alone(people: Organisation) -> None:
    assert people.get(f"contacts({guid(1)})/lastname").json()["value"] == "Müller"
    assert people.get(f"contacts({guid(1)})/lastname/$value").text == "Müller"
    assert people.get(f"contacts({guid(1)})/jobtitle").status_code == 204


def test_tag_option_and_older_version_segments_are_taken(people: Organisation) -> None:
    assert people.send("GET", f"{ROOT}/tasks?tag=loop&$top=1").status_code == 200
    assert people.send("GET", "http://organisation/api/data/v9.0/tasks").status_code == 200
    assert people.send("GET", "http://organisation/api/data/v8.2/tasks").status_code == 404


def test_users_repeat_their_key_as_ownerid(organisation: Organisation) -> None:
    me = organisation.get("WhoAmI").json()["UserId"]

    row = organisation.values("systemusers", filter="isdisabled eq false", select="fullname,ownerid")[0]
    assert row["ownerid"] == row["systemuserid"] == me


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("aggregate($count as n)", [{"n": 9}]),
        ("filter(prioritycode eq 2)/aggregate($count as n)", [{"n": 3}]),
        (
            "groupby((prioritycode),aggregate($count as n,subject with max as last))",
            [
                {"prioritycode": 0, "n": 3, "last": "task 6"},
                {"prioritycode": 1, "n": 3, "last": "task 7"},
                {"prioritycode": 2, "n": 3, "last": "task 8"},
            ],
        ),
        ("aggregate(_regardingobjectid_value with countdistinct as n)", [{"n": 2}]),
        ("groupby((_regardingobjectid_value))", [{"_regardingobjectid_value": guid(n)} for n in (1, 2)]),
    ],
)
def test_rows_are_counted_by_apply(people: Organisation, text: str, found: list[dict[str, object]]) -> None:
    assert people.values("tasks", apply=text) == found


def test_apply_that_is_not_supported(people: Organisation) -> None:
    assert refusal(people.get("tasks", apply="expand(Task_Annotation)")) == (400, "0x80060888")
