"""Shared limits: exact in any rolling window, over lanes, priorities and processes; in files, and in PostgreSQL."""

from __future__ import annotations

import asyncio
import sys
import time
from bisect import bisect_left
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE, Popen

import httpx
import pytest

from activity_sync.errors import ConfigurationError, LedgerUnusable, RateLimited
from activity_sync.http.file_office import FileOffice
from activity_sync.http.message import ApiRequest
from activity_sync.http.plans import DYNAMICS, HUBSPOT, WindowLimit
from activity_sync.http.shared_limits import SharedLimits
from activity_sync.http.ticket_office import office_name
from activity_sync.ledger.office import LedgerOffice
from activity_sync_tests.databases import DATABASES, postgres_schema


class Day:
    """Wall-clock time that passes only by sleeping."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def day():
    return Day()


@pytest.fixture(params=DATABASES)
def where(request, tmp_path):
    """The folder of the counts' files, or the URL of a PostgreSQL ledger."""
    if request.param == "sqlite":
        yield str(tmp_path)
        return
    with postgres_schema() as url:
        yield url


@pytest.fixture
def share(where, day):
    """Limits that share their counts with all that were made for the same account."""

    def make(plan=HUBSPOT, *, account="account", **changes):
        return SharedLimits(lambda: office(where, plan.name, account, day), plan, sleep=day.sleep, **changes)

    return make


def office(where, api, account, now):
    name = office_name(api, account)
    return LedgerOffice(where, name, now=now) if "://" in where else FileOffice(Path(where), name, now=now)


def departures(day, limits, lane, count):
    """The times at which `count` requests got their permission, one after another."""

    async def run():
        times = []
        for _ in range(count):
            await limits.acquire(lane)
            times.append(day.now)
            await limits.release()
        await limits.close()
        return times

    return asyncio.run(run())


def most_within(times, seconds):
    times = sorted(times)
    return max(bisect_left(times, start + seconds) - index for index, start in enumerate(times))


def test_default_lane_keeps_to_the_lowest_tier_until_more_is_learnt(day, share):
    times = departures(day, share(), "default", 250)

    assert most_within(times, 10.0) == 100
    assert times[-1] - times[0] < 2 * 10.5 + 0.1


def test_learnt_window_is_used(day, share):
    limits = share()
    asyncio.run(limits.learn({"x-hubspot-ratelimit-max": "190", "x-hubspot-ratelimit-interval-milliseconds": "10000"}))

    times = departures(day, limits, "default", 400)

    assert most_within(times, 10.0) == 190


def test_search_keeps_to_its_own_limit_and_counts_in_the_whole(day, share):
    times = departures(day, share(), "search", 30)
    rest = departures(day, share(), "default", 100)

    assert most_within(times, 1.0) == 5
    assert most_within(times + rest, 10.0) <= 100


def test_denied_request_counts_nowhere(day, share):
    class DeniedOnceError(Exception):
        pass

    async def stop(_seconds):
        raise DeniedOnceError

    async def exhaust(limits, lane):
        limits._sleep = stop
        denied = 0
        while denied < 50:
            try:
                await limits.acquire(lane)
            except DeniedOnceError:
                denied += 1
        await limits.close()

    started = day.now
    asyncio.run(exhaust(share(), "search"))
    asyncio.run(exhaust(share(priority="backfill"), "default"))

    # 5 searches and 90 of the backfill's share: 5 are left, whatever was denied.
    assert departures(day, share(), "default", 6) == [started] * 5 + [pytest.approx(started + 10.5, abs=0.01)]


def test_backfill_leaves_room_for_the_incremental_sync(day, share):
    started = day.now
    backfill = departures(day, share(priority="backfill"), "default", 90)
    incremental = departures(day, share(), "default", 10)

    assert backfill[-1] == incremental[-1] == started
    assert departures(day, share(priority="backfill"), "default", 1)[0] >= started + 10


def test_other_accounts_are_counted_apart(day, share):
    departures(day, share(), "default", 100)
    started = day.now

    assert departures(day, share(account="other"), "default", 1) == [started]


def test_account_is_not_written_down():
    name = office_name("hubspot", "https://api.hubapi.com pat-secret")

    assert name.startswith("hubspot-")
    assert "secret" not in name
    assert name != office_name("hubspot", "https://api.hubapi.com pat-other")


def test_hold_stops_every_client_of_the_account(day, share):
    started = day.now
    asyncio.run(share().hold("default", 42.0))

    assert departures(day, share(), "default", 1)[0] == pytest.approx(started + 42)
    asyncio.run(share().hold("search", 5.0))
    assert departures(day, share(), "default", 1)[0] == pytest.approx(started + 42)
    assert departures(day, share(), "search", 1)[0] == pytest.approx(started + 47)


def test_clock_set_back_does_not_stop_the_sync(day, share):
    departures(day, share(), "default", 100)
    asyncio.run(share().hold("default", 600.0))
    day.now -= 86_400
    started = day.now

    assert departures(day, share(), "default", 1)[0] - started < 1


def test_dynamics_window_is_kept(day, share):
    plan = replace(DYNAMICS, windows={"default": WindowLimit(60, 3.0)})

    times = departures(day, share(plan), "default", 200)

    assert most_within(times, 3.0) == 60


def test_requests_under_way_are_counted_over_all_clients(share):
    async def run():
        first, second = share(DYNAMICS), share(DYNAMICS)
        await first.learn({"x-ms-dop-hint": "3"})
        await second.learn({"x-ms-dop-hint": "3"})
        for limits in (first, second, first):
            await limits.acquire("default")
        fourth = asyncio.create_task(second.acquire("default"))
        await asyncio.sleep(0.05)
        waited = not fourth.done()
        await first.release()
        await fourth
        await first.close()
        await second.close()
        return waited

    assert asyncio.run(run())


def test_places_of_a_killed_process_come_back(day, share):
    async def run():
        killed, living = share(DYNAMICS), share(DYNAMICS)
        await living.learn({"x-ms-dop-hint": "1"})
        await killed.acquire("default")
        started = day.now
        day.now += 149
        await living.acquire("default")
        return day.now - started

    assert 149 < asyncio.run(run()) < 151


def test_hint_never_raises_the_documented_concurrency():
    assert DYNAMICS.read_limits({"x-ms-dop-hint": "500"}).concurrency == 52


def test_spent_share_of_the_day_is_an_error_not_a_wait(share):
    async def run():
        limits = share(day_share=0.8)
        await limits.learn({"x-hubspot-ratelimit-daily": "1000", "x-hubspot-ratelimit-daily-remaining": "200"})
        await limits.acquire("default")

    with pytest.raises(RateLimited, match="80%"):
        asyncio.run(run())


@pytest.mark.parametrize("value", ["", "many", "-5", "0", "²"])
def test_header_that_is_no_number_teaches_nothing(value):
    assert HUBSPOT.read_limits({"x-hubspot-ratelimit-max": value}).windows == {}


def test_file_that_cannot_be_used_is_a_configuration_error(tmp_path):
    (tmp_path / "home").touch()

    with pytest.raises(ConfigurationError, match="ACTIVITY_SYNC_HOME"):
        asyncio.run(SharedLimits(lambda: FileOffice(tmp_path / "home", "x"), HUBSPOT).acquire("default"))


def test_database_that_does_not_answer_is_named_by_its_setting():
    # Nothing listens on that port of this machine; without a driver it is refused for the driver.
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/ledger"

    with pytest.raises(LedgerUnusable) as refused:
        asyncio.run(SharedLimits(lambda: LedgerOffice(nowhere, "x"), HUBSPOT).acquire("default"))

    assert refused.value.setting == "ACTIVITY_SYNC_LEDGER_URL"


def test_our_share_of_the_limits_is_kept(day, share):
    """The rest is left to other programs that use the account; a backfill has its share of ours."""
    times = departures(day, share(burst_share=0.5), "default", 120)
    day.now += 60
    backfill = departures(day, share(burst_share=0.5, backfill_share=0.8, priority="backfill"), "default", 90)

    assert most_within(times, 10.0) == 50
    assert most_within(backfill, 10.0) == 40
    assert share(burst_share=0.5).in_force("search")["search"] == WindowLimit(2, 1.0)


def test_what_is_in_use_is_told_over_all_clients(day, share):
    async def run():
        one, two = share(), share(DYNAMICS)
        for lane in ("search", "search", "default"):
            await one.acquire(lane)
        await two.acquire("default")
        await one.hold("search", 9.0)
        told = [(await share().in_use()).usage, (await share(DYNAMICS).in_use()).usage]
        day.now += 2
        later = (await share().in_use()).usage
        for limits in (one, two):
            await limits.close()
        return *told, later

    hubspot, dynamics, later = asyncio.run(run())

    assert (hubspot.used["search"], hubspot.used["default"], hubspot.under_way) == (2, 3, 0)
    assert hubspot.held_ms == {"search": 9000}
    assert (dynamics.used["default"], dynamics.under_way) == (1, 1)
    assert (later.used["search"], later.used["default"]) == (0, 3)


def test_waiting_does_not_block_the_event_loop(where):
    plan = replace(HUBSPOT, windows={"default": WindowLimit(1, 0.1)}, lanes={})

    async def run():
        limits = SharedLimits(lambda: office(where, "hubspot", "account", time.time), plan)
        await limits.acquire("default")
        waiting = asyncio.create_task(limits.acquire("default"))
        turns = 0
        while not waiting.done():
            turns += 1
            await asyncio.sleep(0.005)
        await limits.close()
        return turns

    assert asyncio.run(run()) > 10


def test_client_asks_for_every_attempt_and_tells_of_every_refusal(make_client, waits):
    class Told:
        def __init__(self):
            self.events = []

        async def acquire(self, lane):
            self.events.append(("acquire", lane))

        async def release(self):
            self.events.append("release")

        async def learn(self, headers):
            self.events.append(("learn", headers.get("x-n")))

        async def hold(self, lane, seconds):
            self.events.append(("hold", lane, seconds))

        async def close(self):
            self.events.append("close")

    answers = iter([httpx.Response(429, headers={"retry-after": "2"}), httpx.Response(200, headers={"x-n": "1"})])
    limits = Told()
    client = make_client(
        "https://api.test", transport=httpx.MockTransport(lambda _request: next(answers)), limits=limits
    )

    async def run():
        async with client:
            await client.send(ApiRequest("POST", "/search", lane="search", repeatable=True))

    asyncio.run(run())

    one = [("acquire", "search"), "release"]
    held = ("hold", "search", waits.seconds[0])
    assert limits.events == [*one, ("learn", None), held, *one, ("learn", "1"), "close"]


PROCESS = """
import asyncio, sys, time
from dataclasses import replace
from pathlib import Path
from activity_sync.http.plans import HUBSPOT, WindowLimit
from activity_sync.http.shared_limits import SharedLimits
from activity_sync.http.file_office import FileOffice
from activity_sync.ledger.office import LedgerOffice

def office():
    where = sys.argv[1]
    return LedgerOffice(where, "hubspot-x") if "://" in where else FileOffice(Path(where), "hubspot-x")

async def run():
    plan = replace(HUBSPOT, windows={"default": WindowLimit(40, 0.5)}, lanes={}, concurrency=3)
    limits = SharedLimits(office, plan)
    async def one():
        await limits.acquire("default")
        print("start", time.time(), flush=True)
        await asyncio.sleep(0.002)
        print("end", time.time(), flush=True)
        await limits.release()
    await asyncio.gather(*(one() for _ in range(60)))
    await limits.close()

asyncio.run(run())
"""


def test_processes_that_start_together_keep_one_limit(where):
    """Their own clock readings decide: 180 requests of three processes, 40 in any half second, three at a time."""
    processes = [Popen([sys.executable, "-c", PROCESS, where], stdout=PIPE, stderr=PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate(timeout=120) for process in processes]
    lines = [line.split() for out, _ in outputs for line in out.splitlines()]
    starts = [float(at) for what, at in lines if what == "start"]
    changes = sorted((float(at), -1 if what == "end" else 1) for what, at in lines)

    under_way, most = 0, 0
    for _, change in changes:
        under_way += change
        most = max(most, under_way)

    assert [err for _, err in outputs] == ["", "", ""]
    assert len(starts) == 180
    assert most_within(starts, 0.5) <= 40
    assert most <= 3
