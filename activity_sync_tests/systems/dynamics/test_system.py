"""Connecting: who we are, what the organization is made of, and what stands in the way."""

from __future__ import annotations

import asyncio

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed
from activity_sync.sandbox.dynamics.identity import ORGANIZATION_ID


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
