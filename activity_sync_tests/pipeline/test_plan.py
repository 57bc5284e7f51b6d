"""Which days an incremental sync reads: over a source that knows only the days of its changes."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.errors import AuthenticationFailed
from activity_sync.pipeline.plan import News, find_news
from activity_sync.pipeline.scope import midnight

TODAY = date(2026, 6, 30)
NOTE, TASK = ActivityType.NOTE, ActivityType.TASK


class Source:
    """A reader that answers `oldest_changes`. `asked` counts one question per type, as HubSpot's search does."""

    def __init__(self, changes: dict[ActivityType, list[date]], *, denied: ActivityType | None = None) -> None:
        self.changes = changes
        self.denied = denied
        self.asked = 0

    async def oldest_changes(self, types, *, since=None):
        self.asked += len(types)
        if self.denied in types:
            raise AuthenticationFailed("no")
        noons = {kind: [_noon(day) for day in self.changes.get(kind, [])] for kind in types}
        return {
            kind: min((one for one in some if since is None or one >= since), default=None)
            for kind, some in noons.items()
        }


def _noon(day: date) -> datetime:
    return midnight(day) + timedelta(hours=12)


def news(
    source: Source, *, watermarks: dict[ActivityType, datetime] | None = None, start: date = date(2015, 1, 1)
) -> News:
    session = SimpleNamespace(
        clock=lambda: midnight(TODAY) + timedelta(hours=9),
        configuration=Configuration(start_date=start),
        ledger=SimpleNamespace(watermark=lambda _flow, kind: (watermarks or {}).get(kind)),
        systems={FLOWS[0].source: SimpleNamespace(reader=source)},
    )
    return asyncio.run(find_news(session, FLOWS[0], [NOTE, TASK]))


def before(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_with_watermarks_nothing_is_asked_and_the_oldest_less_the_overlap_is_the_first_day():
    source = Source({})
    marks = {NOTE: datetime(2026, 6, 30, 8, tzinfo=UTC), TASK: datetime(2026, 6, 30, 0, 5, tzinfo=UTC)}

    assert news(source, watermarks=marks) == News(before(1), TODAY)
    assert source.asked == 0


def test_an_empty_source_is_read_from_today():
    assert news(Source({})) == News(TODAY, TODAY)


def test_two_months_are_one_run_and_cost_one_question_per_type():
    source = Source({NOTE: [before(62)], TASK: [before(3)]})

    assert news(source) == News(before(62), TODAY)
    assert source.asked == 2


def test_years_without_changes_are_left_out():
    source = Source({NOTE: [before(3000), before(2990)], TASK: [before(5)]})

    found = news(source)

    assert found.first == before(5)
    assert [(one.first, one.last, one.types) for one in found.older] == [(before(3000), before(2970), {NOTE})]
    assert source.asked == 2 + 1  # of both types, and once more of the notes


def test_nothing_before_the_configured_first_day_is_read():
    found = news(Source({NOTE: [before(3000), before(100)]}), start=before(120))

    assert [(one.first, one.last) for one in found.older] == [(before(120), before(90))]
    assert found.first == TODAY


def test_older_stretches_are_those_of_the_types_without_a_watermark():
    source = Source({NOTE: [before(400)], TASK: [before(400), before(2)]})

    found = news(source, watermarks={TASK: datetime(2026, 6, 29, 12, tzinfo=UTC)})

    assert [one.types for one in found.older] == [{NOTE}]
    assert found.first == before(1)


def test_a_type_that_may_not_be_read_stops_no_other():
    found = news(Source({NOTE: [before(9)], TASK: [before(5)]}, denied=NOTE))

    assert (found.first, found.last, list(found.denied)) == (before(5), TODAY, [NOTE])


days_ago = st.lists(st.integers(0, 4000).map(before), max_size=12)


@settings(max_examples=150, deadline=None)
@given(notes=days_ago, tasks=days_ago)
def test_every_change_lies_in_a_stretch_and_no_long_gap_does(notes: list[date], tasks: list[date]):
    source = Source({NOTE: notes, TASK: tasks})

    found = news(source)

    recent = (found.first, found.last)
    stretches = [(one.first, one.last, one.types) for one in found.older]
    for kind, changes in source.changes.items():
        mine = [recent, *((first, last) for first, last, types in stretches if kind in types)]
        assert all(any(first <= day <= last for first, last in mine) for day in changes)
    ends = [recent, *((first, last) for first, last, _ in stretches)]
    read = sum((last - first).days + 1 for first, last in ends)
    assert read <= 63 + 31 * len({*notes, *tasks})
    assert all(last < found.first for _, last, _ in stretches)
    assert source.asked <= 2 + 2 * (len(ends) + 1)
