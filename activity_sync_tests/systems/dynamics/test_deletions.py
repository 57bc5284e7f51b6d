"""Deletes as change tracking tells them and as a comparison finds them, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Collection

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed, ServerUnavailable
from activity_sync.systems.dynamics.batch import Answer
from activity_sync.systems.dynamics.refusals import is_expired_token
from activity_sync.systems.records import Deletions
from activity_sync_tests.systems.dynamics.organizations import Organization, guid

ADA = guid(1)
DAY = 86_400


def row(number, **columns):
    return {"activityid": guid(number, kind="e"), "subject": f"Number {number}", **columns}


def ids(*numbers):
    return frozenset(guid(number, kind="e") for number in numbers)


class Successive:
    """Reads of one type's deletions, each from the cursor of the one before. `calls`: those of the last read."""

    def __init__(self, organization: Organization, activity_type: ActivityType, linked: Collection[str]) -> None:
        self.organization, self.activity_type, self.linked = organization, activity_type, linked
        self.cursor: str | None = None
        self.asked = 0
        self.calls = 0

    def __call__(self) -> Deletions:
        async def read(system):
            await system.identify()
            before = system.calls
            found = await system.reader.deletions(self.activity_type, cursor=self.cursor, linked=self._linked)
            self.calls = system.calls - before
            return found

        found = self.organization.run(read)
        self.cursor = found.cursor
        return found

    def _linked(self):
        self.asked += 1
        return self.linked


# --- with change tracking -----------------------------------------------------------------------------------------


def test_first_tracked_read_lists_all_and_later_ones_tell_only_what_was_deleted_since(organization: Organization):
    organization.seed({"task": [row(number) for number in range(4)]})
    read = Successive(organization, ActivityType.TASK, ids(1, 2, 9))

    first, calls = read(), read.calls
    organization.delete("task", guid(2, kind="e"))
    second = read()
    third = read()

    assert (first.suspects, first.listed, calls) == (ids(9), 4, 1)
    assert (second.suspects, second.listed, read.calls) == (ids(2), None, 1)
    assert (third.suspects, third.listed) == (frozenset(), None)


def test_links_are_asked_for_only_where_something_was_deleted(organization: Organization):
    organization.seed({"task": [row(1), row(2)]})
    read = Successive(organization, ActivityType.TASK, ids(1))
    read()

    organization.seed({"task": [row(3)]})
    read()
    asked = read.asked
    organization.delete("task", guid(2, kind="e"))
    of_a_stranger = read()

    assert asked == 1
    assert (of_a_stranger.suspects, read.asked) == (frozenset(), 2)


def test_cursor_is_established_though_nothing_is_linked_yet(organization: Organization):
    organization.seed({"task": [row(1)]})
    read = Successive(organization, ActivityType.TASK, ())
    read()

    read.linked = ids(1)
    organization.delete("task", guid(1, kind="e"))

    assert read().suspects == ids(1)


def test_pages_are_followed_in_the_listing_and_in_the_changes(organization: Organization):
    organization.controls.settings.change({"dynamics_page_size": 3})
    organization.seed({"task": [row(number) for number in range(10)]})
    read = Successive(organization, ActivityType.TASK, ids(*range(12)))

    first, calls = read(), read.calls
    organization.delete("task", *ids(*range(2, 10)))
    second = read()

    assert (first.suspects, first.listed, calls) == (ids(10, 11), 10, 4)
    assert (second.suspects, read.calls) == (ids(*range(2, 10)), 3)


def test_cascade_of_a_deleted_contact_is_told(organization: Organization):
    about = {"type": "contact", "id": ADA}
    organization.seed(
        {
            "contact": [{"contactid": ADA, "firstname": "Ada"}],
            "task": [row(1, regardingobjectid=about), row(2)],
            "annotation": [{"annotationid": guid(3, kind="e"), "subject": "A note", "objectid": about}],
        }
    )
    reads = [
        Successive(organization, ActivityType.TASK, ids(1, 2)),
        Successive(organization, ActivityType.NOTE, ids(3)),
    ]
    assert [read().suspects for read in reads] == [frozenset(), frozenset()]

    organization.delete("contact", ADA)

    assert [read().suspects for read in reads] == [ids(1), ids(3)]


def test_note_that_moved_to_what_we_do_not_carry_is_no_suspect(organization: Organization):
    note = {"annotationid": guid(1, kind="e"), "subject": "A note"}
    organization.seed({"email": [row(2)], "annotation": [note]})
    read = Successive(organization, ActivityType.NOTE, ids(1))
    read()

    organization.seed({"annotation": [{**note, "objectid": {"type": "email", "id": guid(2, kind="e")}}]})
    read.cursor = None

    assert read().suspects == frozenset()


@pytest.mark.parametrize("days", [6, 8])
def test_expired_token_costs_a_whole_listing_again(organization: Organization, days):
    organization.seed({"task": [row(1), row(2), row(3)]})
    read = Successive(organization, ActivityType.TASK, ids(1, 2))
    read()
    organization.delete("task", guid(2, kind="e"))

    organization.controls.clock.advance(days * DAY)
    found = read()

    assert found.suspects == ids(2)
    assert (found.listed, read.calls) == ((None, 1) if days < 7 else (2, 2))
    organization.delete("task", guid(1, kind="e"))
    assert (read().suspects, read.calls) == (ids(1), 1)


def test_token_the_server_does_not_know_costs_a_whole_listing_again(organization: Organization):
    organization.seed({"task": [row(1)]})
    read = Successive(organization, ActivityType.TASK, ids(1, 2))
    read.cursor = json.dumps({"by": "tracking", "token": "of-another-time"})

    assert read().suspects == ids(2)


def test_cursor_names_no_address(organization: Organization):
    read = Successive(organization, ActivityType.TASK, ())

    assert "://" not in read().cursor
    assert "127.0.0.1" not in (read.cursor or "")


@pytest.mark.parametrize(
    ("status", "code", "message", "expired"),
    [
        (400, "0x80044352", "", True),
        (500, "-2147204270", "", True),
        (410, "", "The delta token has expired.", True),
        (404, "0x0", "Unknown $deltatoken.", True),
        (400, "0x80060888", "Skip Clause is not supported in CRM", False),
        (503, "", "Later, says the keeper of the delta token.", False),
    ],
)
def test_refusals_of_a_token_are_told_from_others(status, code, message, expired):
    answer = Answer(status, {}, json.dumps({"error": {"code": code, "message": message}}).encode())

    assert is_expired_token(answer) is expired


def test_outage_is_an_error_and_no_reason_to_list(organization: Organization):
    organization.seed({"task": [row(1)]})
    read = Successive(organization, ActivityType.TASK, ids(1))
    read()
    organization.fault(kind="status", path="deltatoken", status=503, retry_after=3600)

    with pytest.raises(ServerUnavailable):
        read()
    assert read.asked == 1


# --- without change tracking --------------------------------------------------------------------------------------


def test_untracked_table_is_compared_page_by_page(organization: Organization):
    organization.controls.settings.change({"dynamics_page_size": 3})
    organization.seed({"email": [row(number) for number in range(7)]})
    read = Successive(organization, ActivityType.EMAIL, ids(1, 6, 8))

    first, calls = read(), read.calls
    organization.delete("email", guid(6, kind="e"))
    second = read()

    assert (first.suspects, first.listed, calls) == (ids(8), 7, 3)
    assert (second.suspects, second.listed) == (ids(6, 8), 6)


def test_untracked_table_is_not_listed_while_nothing_is_linked(organization: Organization):
    organization.seed({"email": [row(1)]})
    read = Successive(organization, ActivityType.EMAIL, ())

    found = read()

    assert (found.suspects, found.listed, read.calls) == (frozenset(), None, 0)


def test_right_to_our_own_rows_alone_leads_to_a_comparison_and_back(organization: Organization):
    organization.seed({"task": [row(1), row(2)]})
    read = Successive(organization, ActivityType.TASK, ids(1, 2))
    read()

    organization.controls.settings.change({"dynamics_reads_whole_organization": False})
    organization.delete("task", guid(2, kind="e"))
    compared = read()
    organization.controls.settings.change({"dynamics_reads_whole_organization": True})
    organization.delete("task", guid(1, kind="e"))
    tracked = read()

    assert (compared.suspects, compared.listed) == (ids(2), 1)
    assert (tracked.suspects, tracked.listed) == (ids(1, 2), 0)


def test_table_whose_tracking_is_off_after_all_is_compared(organization: Organization):
    organization.seed({"task": [row(1)]})

    async def read(system):
        await system.identify()
        organization.controls.settings.change({"dynamics_change_tracking": []})
        return await system.reader.deletions(ActivityType.TASK, cursor=None, linked=lambda: ids(1, 2))

    found = organization.run(read)

    assert (found.suspects, found.listed) == (ids(2), 1)


def test_missing_right_to_read_at_all_is_said(organization: Organization):
    organization.controls.settings.change({"dynamics_missing_privileges": ["prvReadActivity"]})

    with pytest.raises(AuthenticationFailed, match="missing privilege"):
        Successive(organization, ActivityType.TASK, ids(1))()
