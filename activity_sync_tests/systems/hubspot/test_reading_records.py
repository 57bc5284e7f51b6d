"""Single records, keys and edit times, read from a portal over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed, MalformedResponse, ServerUnavailable
from activity_sync.systems.hubspot.reader import last_edits
from activity_sync.systems.records import CreateRequest

NOTE = ActivityType.NOTE


def note(number: int, **more) -> dict:
    return {
        "id": str(number),
        "properties": {"hs_timestamp": "2026-02-01T10:00:00Z", "hs_note_body": f"Note {number}"},
        "createdAt": "2026-02-01T10:00:00Z",
        "updatedAt": "2026-03-01T00:00:00.123Z",
        **more,
    }


def test_living_archived_and_unknown_ids_are_told_apart(any_portal):
    any_portal.seed(
        {
            "notes": [note(1), note(2, archivedAt="2026-04-01T00:00:00Z"), note(3)],
            "companies": [{"id": "9", "properties": {"name": "Acme"}}],
        },
        associations=[{"from": ["notes", "1"], "to": ["companies", "9"]}],
    )

    found = any_portal.run(lambda hubspot: hubspot.reader.read(NOTE, ["1", "2", "404", "1", "no id"]))

    assert set(found) == {"1", "2"}
    assert not found["1"].gone
    assert [one["id"] for one in found["1"].associations["company"]] == ["9"]
    assert found["1"].modified_at == datetime(2026, 3, 1, 0, 0, 0, 123_000, tzinfo=UTC)
    assert found["2"].gone
    assert found["2"].modified_at == datetime(2026, 4, 1, tzinfo=UTC)


def test_records_are_read_a_hundred_at_a_time(portal):
    portal.seed({"notes": [note(n) for n in range(1, 251)]})

    found = portal.run(lambda hubspot: hubspot.reader.read(NOTE, [str(n) for n in range(1, 251)]))

    assert set(found) == {str(n) for n in range(1, 251)}
    assert portal.calls == {"batch_read": 3, "associations_read": 4}


def test_empty_values_may_be_null_or_absent(portal):
    portal.seed({"notes": [note(1)]})
    shown = portal.run(lambda hubspot: hubspot.reader.read(NOTE, ["1"]))["1"]
    portal.controls.settings.change({"hubspot_empty_values": "absent"})
    absent = portal.run(lambda hubspot: hubspot.reader.read(NOTE, ["1"]))["1"]

    async def decode(hubspot):
        return [hubspot.translator.decode(NOTE, one) for one in (shown, absent)]

    first, second = portal.run(decode)

    assert first == second
    assert first.fields["owner"] is None


@pytest.mark.parametrize("unique", [True, False])
def test_our_keys_are_found_whether_unique_or_plain(any_portal, unique):
    any_portal.controls.settings.change({"allow_unique_properties": unique})
    keys = [f"key-{n}" for n in range(150)]

    async def create_and_find(hubspot):
        await hubspot.writer.prepare([NOTE])
        created = await hubspot.writer.create(
            NOTE,
            [CreateRequest(key, {"properties": {"hs_timestamp": "2026-02-01T10:00:00Z"}}) for key in keys],
        )
        found = await hubspot.reader.find_keys(NOTE, [*keys, "key-unknown"])
        return created, found, await hubspot.reader.keys_settle_after(NOTE), hubspot.writer.keys_are_unique

    created, found, certain, is_unique = any_portal.run(create_and_find)

    assert found == {key: result.id for key, result in zip(keys, created, strict=True)}
    assert (certain == timedelta(), is_unique) == (unique, unique)


def test_without_a_key_property_no_key_is_found_and_nothing_is_certain(portal):
    async def find(hubspot):
        return await hubspot.reader.find_keys(NOTE, ["key"]), hubspot.writer.keys_are_unique

    assert portal.run(find) == ({}, False)


def test_the_time_of_an_edit_is_its_propertys_own_history(any_portal):
    any_portal.seed(
        {
            "notes": [
                note(
                    1,
                    history={
                        "hs_note_body": [
                            {"value": "Note 1", "timestamp": "2026-03-05T08:00:00Z"},
                            {"value": "Note", "timestamp": "2026-03-01T08:00:00Z"},
                        ]
                    },
                )
            ]
        }
    )

    times = any_portal.run(lambda hubspot: hubspot.reader.field_times(NOTE, ["1"], ["body", "subject", "nonsense"]))

    edited = datetime(2026, 3, 5, 8, tzinfo=UTC)
    assert times == {"1": {"body": edited, "subject": edited}}


def test_our_own_writes_are_no_edits_once_our_app_is_known(portal):
    portal.seed({"notes": [note(5)]})

    async def write_ours(hubspot):
        await hubspot.writer.prepare([NOTE])
        [ours] = await hubspot.writer.create(
            NOTE, [CreateRequest("key", {"properties": {"hs_timestamp": "2026-02-01T10:00:00Z", "hs_note_body": "a"}})]
        )
        before = await hubspot.reader.field_times(NOTE, ["5"], ["body"])
        both = await hubspot.reader.field_times(NOTE, [ours.id, "5"], ["body"])
        return ours.id, before, both

    ours, before, both = portal.run(write_ours)

    assert both == {ours: {}, "5": before["5"]}


def test_without_a_known_app_every_entry_counts():
    record = {
        "id": "1",
        "propertiesWithHistory": {
            "hs_note_body": [{"value": "a", "timestamp": "1000", "sourceType": "INTEGRATION", "sourceId": "77"}]
        },
    }

    assert last_edits(record, own_apps=()) == {"hs_note_body": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)}
    assert last_edits(record, own_apps={"77"}) == {}
    assert last_edits({"id": "1"}, own_apps=()) == {}


def test_the_account_is_the_portal(any_portal):
    account = any_portal.run(lambda hubspot: hubspot.identify())

    assert (account.id, account.ui_url) == ("8727216", "https://app.hubspot.com")


def test_a_wrong_token_is_refused_at_once(portal):
    portal.controls.settings.change({"hubspot_access_token": "another"})

    async def identify(hubspot):
        portal.controls.settings.change({"hubspot_access_token": "changed-meanwhile"})
        return await hubspot.identify()

    with pytest.raises(AuthenticationFailed) as refused:
        portal.run(identify)
    assert refused.value.code == "INVALID_AUTHENTICATION"


def test_a_missing_scope_is_named(portal):
    portal.controls.settings.change({"hubspot_scopes": ["crm.objects.owners.read"]})

    with pytest.raises(AuthenticationFailed) as refused:
        portal.run(lambda hubspot: hubspot.reader.read(NOTE, ["1"]))

    assert refused.value.code == "MISSING_SCOPES"
    assert "crm.objects.contacts.read" in refused.value.message


def test_an_answer_that_is_no_page_is_no_empty_page(portal):
    portal.fault(kind="status", status=404, route="search")

    with pytest.raises(MalformedResponse):
        portal.read_window(NOTE)


def test_an_outage_that_lasts_is_told_as_such(portal):
    portal.fault(kind="status", status=500, route="batch_read")

    async def read(hubspot):
        hubspot._client._sleep = at_once
        return await hubspot.reader.read(NOTE, ["1"])

    with pytest.raises(ServerUnavailable):
        portal.run(read)


async def at_once(_seconds: float) -> None:
    """No wait."""
