"""Activities found by their own time, by the moment they were made, and all of them by id, over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.activities.activity import Association
from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.dynamics.moments import is_near, lies_in
from activity_sync.systems.moments import merge_moments
from activity_sync.systems.records import KeyedRecord
from activity_sync_tests.systems.dynamics.activities import WHEN, activity
from activity_sync_tests.systems.dynamics.organizations import Organization, guid

ADA = guid(1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FAR = "2020-01-01T00:00:00Z"


def at(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def call(number, **columns):
    return {"activityid": guid(number, kind="e"), "subject": f"Call {number}", "createdon": FAR, **columns}


def around(organization, activity_type, *moments, within=timedelta(minutes=5)):
    async def read(system):
        await system.identify()
        before = system.calls
        found = await system.reader.around(activity_type, moments, within=within)
        return found, system.calls - before

    return organization.run(read)


def subjects(records):
    return sorted(one.payload["subject"] for one in records)


# --- around -------------------------------------------------------------------------------------------------------


def test_both_ends_of_the_stretch_belong_to_it(organization: Organization):
    starts = [NOON - 6 * MINUTE, NOON - 5 * MINUTE, NOON + 5 * MINUTE, NOON + 5 * MINUTE + timedelta(seconds=1)]
    organization.seed({"phonecall": [call(number, actualstart=at(start)) for number, start in enumerate(starts)]})

    found, _ = around(organization, ActivityType.CALL, NOON)

    assert subjects(found) == ["Call 1", "Call 2"]


def test_activity_has_one_time_though_several_of_its_columns_match(organization: Organization):
    organization.seed(
        {
            "phonecall": [
                call(1, actualstart=at(NOON + timedelta(hours=2)), scheduledstart=at(NOON)),
                call(2, scheduledstart=at(NOON), actualend=at(NOON + MINUTE)),
                call(3, createdon=at(NOON)),
            ]
        }
    )

    found, calls = around(organization, ActivityType.CALL, NOON, NOON + MINUTE)

    assert subjects(found) == ["Call 2", "Call 3"]
    assert calls == 1


@pytest.mark.parametrize("activity_type", list(ActivityType))
def test_each_type_is_found_at_the_time_it_shows(organization: Organization, activity_type):
    organization.create(activity(activity_type), key=guid(1, kind="e"))

    near, _ = around(organization, activity_type, WHEN + 4 * MINUTE)
    far, _ = around(organization, activity_type, WHEN + 6 * MINUTE)

    assert [one.id for one in near] == [guid(1, kind="e")]
    assert far == []


def test_parties_and_regarding_come_along_on_every_page(organization: Organization):
    organization.controls.settings.change({"dynamics_page_size": 2})
    about = {"type": "contact", "id": ADA}
    parties = [{"participationtypemask": 2, "party": about}]
    organization.seed(
        {
            "contact": [{"contactid": ADA, "firstname": "Ada"}],
            "phonecall": [
                call(number, actualstart=at(NOON), regardingobjectid=about, parties=parties) for number in range(5)
            ],
        }
    )

    async def read(system):
        found = await system.reader.around(ActivityType.CALL, [NOON], within=MINUTE)
        return [system.translator.decode(ActivityType.CALL, one) for one in found]

    decoded = organization.run(read)

    assert len(decoded) == 5
    assert all(Association("contact", ADA, primary=True) in one.associations for one in decoded)
    assert all(len(one.associations) == 2 for one in decoded)


def test_notes_on_other_tables_are_left_out(organization: Organization):
    mail = guid(1, kind="e")
    organization.seed(
        {
            "email": [{"activityid": mail}],
            "annotation": [
                {"annotationid": guid(2, kind="f"), "subject": "free", "createdon": at(NOON)},
                {
                    "annotationid": guid(3, kind="f"),
                    "subject": "on a mail",
                    "createdon": at(NOON),
                    "objectid": {"type": "email", "id": mail},
                },
            ],
        }
    )

    found, _ = around(organization, ActivityType.NOTE, NOON)

    assert subjects(found) == ["free"]


def test_many_moments_take_few_calls_and_none_takes_none(organization: Organization):
    organization.seed({"phonecall": [call(number, actualstart=at(NOON + number * MINUTE)) for number in range(200)]})
    apart = [NOON + 20 * number * MINUTE for number in range(200)]
    beside = [NOON + number * MINUTE for number in range(200)]

    few, calls = around(organization, ActivityType.CALL, *apart)
    whole, one_call = around(organization, ActivityType.CALL, *beside)

    assert len(few) == 6 + 9 * 11 + 5
    assert calls <= 3
    assert (len(whole), one_call) == (200, 1)
    assert around(organization, ActivityType.CALL) == ([], 0)


@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=20),
    st.integers(0, 220),
    st.integers(0, 10),
)
def test_stretches_cover_what_is_near_and_do_not_touch(numbers, number, width):
    moments = sorted(NOON + one * MINUTE for one in numbers)
    within = width * MINUTE
    moment = NOON + number * MINUTE

    stretches = merge_moments(moments, within=within)

    assert all(end < start for (_, end), (start, _) in pairwise(stretches))
    assert any(start <= moment <= end for start, end in stretches) == is_near(moment, moments, within=within)
    assert is_near(moment, moments, within=within) == any(abs(moment - one) <= within for one in moments)


def test_condition_names_every_column():
    assert lies_in(["a", "b"], (NOON, NOON + MINUTE)) == (
        "((a ge 2026-03-01T12:00:00Z and a le 2026-03-01T12:01:00Z)"
        " or (b ge 2026-03-01T12:00:00Z and b le 2026-03-01T12:01:00Z))"
    )


# --- made since ---------------------------------------------------------------------------------------------------


def made_since(organization, activity_type, since):
    async def read(system):
        return await system.reader.made_since(activity_type, since)

    return organization.run(read)


def test_imported_activity_counts_as_made_when_it_was_imported(organization: Organization):
    organization.controls.clock.hold(NOON)
    organization.seed({"annotation": [{"annotationid": guid(1, kind="f"), "subject": "old", "createdon": FAR}]})
    # A note takes place when it was made, so that ours are made with a time of the past.
    organization.create(activity(ActivityType.NOTE), key=guid(2, kind="f"))

    since = made_since(organization, ActivityType.NOTE, NOON)
    later = made_since(organization, ActivityType.NOTE, NOON + MINUTE)

    assert [one.id for one in since] == [guid(2, kind="f")]
    assert since[0].payload["createdon"] == at(WHEN)
    assert later == []


def test_fraction_of_the_second_does_not_hide_what_was_made_in_it(organization: Organization):
    organization.seed({"task": [call(1, createdon=at(NOON)), call(2, createdon=at(NOON - timedelta(seconds=1)))]})

    found = made_since(organization, ActivityType.TASK, NOON + timedelta(milliseconds=500))

    assert subjects(found) == ["Call 1"]


# --- keyed --------------------------------------------------------------------------------------------------------


def test_all_rows_are_listed_by_id_page_by_page(organization: Organization):
    organization.controls.settings.change({"dynamics_page_size": 4})
    organization.seed({"task": [call(number) for number in range(9)]})
    organization.controls.requests.clear()

    async def read(system):
        return [page async for page in system.reader.keyed(ActivityType.TASK)]

    pages = organization.run(read)

    assert [len(page) for page in pages] == [4, 4, 1]
    assert {one for page in pages for one in page} == {KeyedRecord(guid(number, kind="e")) for number in range(9)}
    assert organization.calls == 3


def test_key_of_ours_is_among_the_ids(organization: Organization):
    organization.create(activity(ActivityType.EMAIL), key=guid(1, kind="e").upper())

    async def read(system):
        return [one async for page in system.reader.keyed(ActivityType.EMAIL) for one in page]

    assert organization.run(read) == [KeyedRecord(guid(1, kind="e"))]
