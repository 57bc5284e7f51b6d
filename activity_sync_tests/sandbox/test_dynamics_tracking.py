"""Change tracking, after learn.microsoft.com data-platform/use-change-tracking-synchronize-data-external-systems."""

import pytest

from activity_sync_tests.sandbox.dynamics_organisation import ROOT, Organisation, guid, organisation, refusal

__all__ = ["organisation"]

TRACK = {"Prefer": "odata.track-changes"}


def delta_link(organisation: Organisation) -> str:
    first = organisation.get("tasks", TRACK, select="subject")
    assert first.headers["preference-applied"] == "odata.track-changes"
    return first.json()["@odata.deltaLink"]


def test_delta_tells_changes_then_deletions(organisation: Organisation) -> None:
    kept, gone = organisation.make("tasks", subject="kept"), organisation.make("tasks", subject="gone")
    link = delta_link(organisation)
    organisation.patch(f"tasks({kept})", {"subject": "changed"})
    organisation.delete(f"tasks({gone})")
    new = organisation.make("tasks", subject="new")

    delta = organisation.follow(link).json()

    assert [row.get("subject") for row in delta["value"]] == ["changed", "new", None]
    assert [row.get("activityid") for row in delta["value"][:2]] == [kept, new]
    assert delta["value"][2] == {
        "@odata.context": f"{ROOT}/$metadata#tasks/$deletedEntity",
        "id": gone,
        "reason": "deleted",
    }


def test_delta_without_changes_is_empty_and_has_a_link(organisation: Organisation) -> None:
    organisation.make("tasks", subject="t")
    delta = organisation.follow(delta_link(organisation)).json()

    assert delta["value"] == []
    assert organisation.follow(delta["@odata.deltaLink"]).json()["value"] == []


def test_row_created_and_deleted_between_reads_is_a_deletion_only(organisation: Organisation) -> None:
    link = delta_link(organisation)
    short = organisation.make("tasks", subject="short")
    organisation.delete(f"tasks({short})")

    assert [(row["id"], row["reason"]) for row in organisation.follow(link).json()["value"]] == [(short, "deleted")]


def test_link_stands_on_the_last_page_and_speaks_of_the_first(organisation: Organisation) -> None:
    for number in range(5):
        organisation.make("tasks", activityid=guid(number + 1), subject=f"t{number}")
    prefer = {"Prefer": "odata.track-changes,odata.maxpagesize=3"}
    first = organisation.get("tasks", prefer, select="subject").json()
    organisation.patch(f"tasks({guid(1)})", {"subject": "changed while paging"})
    last = organisation.follow(first["@odata.nextLink"], prefer).json()

    delta = organisation.follow(last["@odata.deltaLink"]).json()

    assert "@odata.deltaLink" not in first
    assert len(first["value"]) + len(last["value"]) == 5
    assert [row["subject"] for row in delta["value"]] == ["changed while paging"]


def test_delta_is_paged_too(organisation: Organisation) -> None:
    link = delta_link(organisation)
    made = [organisation.make("tasks", subject=f"t{number}") for number in range(5)]
    prefer = {"Prefer": "odata.maxpagesize=2"}

    found, page = [], organisation.follow(link, prefer).json()
    while True:
        found += [row["activityid"] for row in page["value"]]
        if "@odata.nextLink" not in page:
            break
        page = organisation.follow(page["@odata.nextLink"], prefer).json()

    assert found == made
    assert organisation.follow(page["@odata.deltaLink"]).json()["value"] == []


@pytest.mark.parametrize("option", ["filter", "orderby", "expand", "top"])
def test_options_that_change_tracking_refuses(organisation: Organisation, option: str) -> None:
    refused = organisation.get("tasks", TRACK, **{option: "subject"} if option != "top" else {"top": "1"})

    assert refusal(refused) == (400, "0x80060888")
    assert refused.json()["error"]["message"] == (
        f'The "${option}" query parameter isn\'t supported when Change Tracking is enabled.'
    )


def test_table_without_change_tracking(organisation: Organisation) -> None:
    assert refusal(organisation.get("emails", TRACK)) == (400, "0x80072491")


def test_token_grows_too_old(organisation: Organisation) -> None:
    link = delta_link(organisation)
    organisation.wait(7 * 86400 + 1)
    organisation.sign_in()

    assert refusal(organisation.follow(link)) == (400, "0x80044352")


def test_number_of_changes(organisation: Organisation) -> None:
    link = delta_link(organisation)
    organisation.make("tasks", subject="t")

    assert organisation.follow(link.replace("/tasks?", "/tasks/$count?")).text == "1"


def test_cascade_and_undone_changes(organisation: Organisation) -> None:
    contact = organisation.make("contacts", lastname="F")
    task = organisation.make("tasks", **{"regardingobjectid_contact_task@odata.bind": f"/contacts({contact})"})
    link = delta_link(organisation)
    organisation.delete(f"contacts({contact})")

    assert [row["id"] for row in organisation.follow(link).json()["value"]] == [task]


def test_deleted_row_brought_back_is_a_change(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t")
    link = delta_link(organisation)
    organisation.delete(f"tasks({task})")
    organisation.patch(f"tasks({task})", {"subject": "back"})

    assert [row.get("subject") for row in organisation.follow(link).json()["value"]] == ["back"]


def test_tracking_takes_the_right_to_read_the_whole_organisation(organisation: Organisation) -> None:
    link = delta_link(organisation)
    organisation.set(dynamics_reads_whole_organization=False)

    assert refusal(organisation.get("tasks", TRACK, select="subject")) == (403, "0x80040220")
    assert refusal(organisation.follow(link)) == (403, "0x80040220")
    assert organisation.get("tasks", select="subject").status_code == 200
