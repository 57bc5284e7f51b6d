from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.reads import Read

FLOW = "hubspot_to_dynamics"
NOTE = ActivityType.NOTE


def test_watermark_moves_forward_only(ledger, now):
    assert ledger.watermark(FLOW, NOTE) is None

    ledger.move_watermark(FLOW, NOTE, now)
    ledger.move_watermark(FLOW, NOTE, now - timedelta(days=1))
    assert ledger.watermark(FLOW, NOTE) == now

    ledger.move_watermark(FLOW, NOTE, now + timedelta(microseconds=1))
    assert ledger.watermark(FLOW, NOTE) == now + timedelta(microseconds=1)
    assert ledger.watermark(FLOW, ActivityType.CALL) is None


def test_times_of_another_zone_are_the_same_moments(ledger):
    summer = timezone(timedelta(hours=2))

    ledger.move_watermark(FLOW, NOTE, datetime(2026, 7, 1, 1, 0, tzinfo=summer))

    assert ledger.watermark(FLOW, NOTE).isoformat() == "2026-06-30T23:00:00+00:00"


def test_time_without_a_zone_is_refused(ledger, now):
    with pytest.raises(Exception, match="no time zone"):
        ledger.move_watermark(FLOW, NOTE, now.replace(tzinfo=None))


def test_repeated_extraction_replaces_what_the_run_read(ledger, now):
    ledger.note_read("run", FLOW, NOTE, Read(now, None))
    ledger.note_read("run", FLOW, NOTE, Read(now, now + timedelta(hours=1)))

    assert ledger.read_of("run", FLOW, NOTE) == Read(now, now + timedelta(hours=1))
    assert ledger.read_of("run", FLOW, ActivityType.CALL) is None


def test_calls_add_up_over_steps_and_repeats(ledger):
    ledger.add_calls("run", FLOW, NOTE, "extracted_activities", {"hubspot": 3})
    ledger.add_calls("run", FLOW, NOTE, "extracted_activities", {"hubspot": 1, "dynamics": 0})
    ledger.add_calls("run", FLOW, NOTE, "load_results", {"hubspot": 1, "dynamics": 5})
    ledger.add_calls("run", FLOW, ActivityType.CALL, "load_results", {"hubspot": 100})
    ledger.add_calls("other run", FLOW, NOTE, "load_results", {"hubspot": 100})

    assert ledger.calls("run", FLOW, NOTE) == {"hubspot": 5, "dynamics": 5}
    assert ledger.calls("no run", FLOW, NOTE) == {}


def test_turn_is_had_once_in_its_time(ledger, now):
    day = timedelta(days=1)

    assert ledger.take_turn("sweep", FLOW, NOTE, now=now, every=day)
    assert not ledger.take_turn("sweep", FLOW, NOTE, now=now + timedelta(hours=23), every=day)
    assert ledger.take_turn("sweep", "another_flow", NOTE, now=now, every=day)
    assert ledger.take_turn("sweep", FLOW, NOTE, now=now + day, every=day)
    assert not ledger.take_turn("sweep", FLOW, NOTE, now=now + day, every=day)
