"""A token that may no longer read what emails say: no body is emptied by it, in either system, and none is made up."""

from __future__ import annotations

import pytest

from activity_sync_tests.cli.test_check import portal
from activity_sync_tests.end_to_end.bridge import Bridge, ago
from activity_sync_tests.end_to_end.ordinary import hubspot_activities
from activity_sync_tests.end_to_end.passes import carry, decisions
from activity_sync_tests.end_to_end.test_least_rights import SCOPES

WITHOUT = [one for one in SCOPES if one != "sales-email-read"]


@pytest.fixture
def reopening(peopled: Bridge) -> Bridge:
    """Closed emails of Dynamics are edited as well, which is not the default."""
    peopled.configure("flows: {hubspot_to_dynamics: {email: {closed: reopen}}}")
    return peopled


def emails(bridge: Bridge, *, first_id: int = 501) -> None:
    """One email, with a body."""
    bridge.seed({"hubspot": hubspot_activities("email", [ago(hours=2)], first_id=first_id)})


def test_an_edit_beside_a_withheld_body_travels_and_the_body_stays(reopening: Bridge) -> None:
    emails(reopening)
    carry(reopening)
    [copy] = reopening.dynamics("email").values()
    body = copy["description"]
    portal(reopening, hubspot_scopes=WITHOUT)

    reopening.people.edit_hubspot("emails", "501", {"hs_email_subject": "Edited in HubSpot"})
    carry(reopening)
    [there] = reopening.dynamics("email").values()
    portal(reopening, hubspot_scopes=SCOPES)
    carry(reopening)
    reopening.forget()
    carry(reopening)

    assert body
    assert (there["subject"], there["description"]) == ("Edited in HubSpot", body)
    assert reopening.dynamics("email")[copy["activityid"]]["description"] == body
    assert reopening.hubspot("emails")["501"]["properties"]["hs_email_html"]
    assert reopening.writes() == 0


def test_a_new_email_is_carried_without_its_body_and_says_so(peopled: Bridge) -> None:
    portal(peopled, hubspot_scopes=WITHOUT)
    emails(peopled)

    carry(peopled)

    [copy] = peopled.dynamics("email").values()
    [decided, *_] = decisions(peopled, "hubspot", "email", "501")
    assert not copy.get("description")
    assert copy["subject"] == "Mail 501"
    assert "sales-email-read" in str(decided["losses"])


def test_one_emptied_by_a_person_is_emptied_where_others_show_what_they_say(reopening: Bridge) -> None:
    emails(reopening)
    emails(reopening, first_id=601)
    carry(reopening)

    reopening.people.edit_hubspot("emails", "501", {"hs_email_html": "", "hs_email_text": ""})
    carry(reopening)

    bodies = sorted(bool(one.get("description")) for one in reopening.dynamics("email").values())
    assert bodies == [False, True]
