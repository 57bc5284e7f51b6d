"""What `limits` shows, what the configuration leaves of them, and that backfills leave some to others."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from activity_sync.configuration import load_configuration
from activity_sync.http.plans import WindowLimit
from activity_sync.systems.registry import limits_of
from activity_sync_tests.cli.commands import answer
from activity_sync_tests.end_to_end.bridge import Bridge, ago


def test_what_is_in_use_is_shown_with_what_the_account_may_do(bridge: Bridge) -> None:
    hubspot = answer("limits")["limits"]["hubspot"]
    again = answer("limits")["limits"]

    assert hubspot["windows"]["default"] == {"used": 1, "requests": 190, "seconds": 10.0, "held_seconds": 0.0}
    assert again["hubspot"]["windows"]["default"]["used"] == 2
    assert again["hubspot"]["windows"]["search"]["requests"] == 5
    assert again["hubspot"]["day_used"] == pytest.approx(2 / 650_000)
    assert (again["dynamics"]["concurrency"], again["dynamics"]["under_way"]) == (8, 0)
    assert again["dynamics"]["windows"]["default"]["requests"] == 6000
    assert bridge.writes() == 0


def test_configured_shares_are_what_is_ours(bridge: Bridge) -> None:
    bridge.configure("limits: {share: {hubspot: 0.5}, day_share: 0.8, backfill_share: 0.6}\n")

    shown = answer("limits")["limits"]

    assert shown["hubspot"]["windows"]["default"]["requests"] == 95
    assert shown["hubspot"]["day_share"] == 0.8
    assert shown["dynamics"]["windows"]["default"]["requests"] == 6000


def test_days_that_are_asked_for_leave_room_for_the_incremental_sync(peopled: Bridge) -> None:
    peopled.sync("hubspot_to_dynamics", "task")
    before = _counted_as_backfill(peopled)
    day = ago(days=1).date().isoformat()

    peopled.sync("hubspot_to_dynamics", "task", first=day, last=day)

    assert before == 0
    assert _counted_as_backfill(peopled) > 0


def test_backfill_has_its_share_of_ours(bridge: Bridge) -> None:
    bridge.configure("limits: {share: {hubspot: 0.5}, backfill_share: 0.6}\n")
    configuration = load_configuration(bridge.settings.config_path)
    backfill = limits_of("hubspot", bridge.settings, configuration, priority="backfill")

    assert backfill.in_force("default") == {"default": WindowLimit(30, 10.0)}


def _counted_as_backfill(bridge: Bridge) -> int:
    [path] = bridge.settings.home.glob("limits-hubspot-*.sqlite")
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM default_backfill").fetchone()[0])
