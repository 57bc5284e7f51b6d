from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activity_sync.configuration import TrackingConfig
from activity_sync.errors import ConfigurationError
from activity_sync.http.limits import NoLimits
from activity_sync.mapping import load_mapping
from activity_sync.settings import HubSpotSettings
from activity_sync.systems.registry import SYSTEMS


def hubspot(connection: HubSpotSettings):
    return SYSTEMS["hubspot"].make(
        connection,
        limits=NoLimits(),
        mapping=load_mapping("hubspot"),
        stored_id_properties={},
        tracking=TrackingConfig(),
        clock=lambda: datetime.now(UTC),
    )


def test_every_system_goes_by_its_own_name_and_has_a_mapping():
    for name, entry in SYSTEMS.items():
        assert entry.make.name == name
        assert load_mapping(name).system == name


def test_hubspot_is_made_without_a_call():
    system = hubspot(HubSpotSettings(access_token="token"))

    assert (system.name, system.calls, system.shows_unassociated) == ("hubspot", 0, False)


def test_an_empty_token_is_refused_before_anything_is_sent():
    with pytest.raises(ConfigurationError):
        hubspot(HubSpotSettings())
