"""Connecting: who we are, what the organization is made of, and what stands in the way."""

from __future__ import annotations

import asyncio

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed, Unreachable
from activity_sync.sandbox.dynamics.identity import ORGANIZATION_ID
from activity_sync.systems.records import CreateRequest
from activity_sync_tests.systems.dynamics.activities import activity
from activity_sync_tests.systems.dynamics.organizations import guid


def test_identify_names_the_organization_and_learns_the_schema_in_one_call(organization):
    async def identify(system):
        account = await system.identify()
        await system.learn(tuple(ActivityType))
        return account, system.calls

    account, calls = organization.run(identify)

    assert account.id == ORGANIZATION_ID
    assert account.ui_url == organization.url
    assert calls == organization.calls == 1


def test_wrong_secret_is_a_failed_authentication(organization):
    async def identify():
        async with organization.connect(client_secret="wrong") as system:
            await system.identify()

    with pytest.raises(AuthenticationFailed):
        asyncio.run(identify())


def test_host_that_is_not_there_is_unreachable(organization):
    async def identify():
        async with organization.connect(url="http://127.0.0.1:9", authority="http://127.0.0.1:9") as system:
            await system.identify()

    with pytest.raises(Unreachable):
        asyncio.run(identify())


def test_limits_of_columns_are_learnt_own_and_inherited(organization):
    async def limits(system):
        before = dict(system._text_limits(ActivityType.EMAIL))
        await system.learn((ActivityType.EMAIL,))
        return before, system._text_limits(ActivityType.EMAIL), system._text_limits(ActivityType.TASK)

    before, email, task = organization.run(limits)

    assert before == {}
    assert (email["subject"], email["description"]) == (800, 1_073_741_823)
    assert (task["subject"], task["description"], task["category"]) == (200, 2000, 250)


def test_metadata_knows_tables_change_tracking_and_columns_of_the_base_type(organization):
    organization.controls.settings.change({"dynamics_tables": ("opportunity",)})

    async def read(system):
        return await system._metadata.read()

    schema = organization.run(read)

    assert schema.has("opportunity")
    assert not schema.has("incident")
    assert schema.tables["task"].change_tracking
    assert not schema.tables["email"].change_tracking
    assert schema.has_text("contact", "emailaddress1")
    assert not schema.has_text("contact", "hubspot_contact_id")


def test_server_s_hint_bounds_the_batches_under_way(organization):
    organization.controls.settings.change({"dynamics_dop_hint": 2, "latency_ms": 30.0})
    keys = [guid(number, kind="e") for number in range(600)]

    async def create(system):
        await system.identify()
        requests = [
            CreateRequest(key, system.translator.encode(activity(ActivityType.TASK), (), key=key).body) for key in keys
        ]
        return await system.writer.create(ActivityType.TASK, requests)

    results = organization.run(create)

    assert {one.outcome for one in results} == {"done"}
    assert organization.controls.requests.peak == 2
