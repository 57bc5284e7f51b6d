"""The sensors: ask a flow's source cheaply whether anything changed, and start one incremental run if so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.defs.failures import failure_of
from activity_sync.defs.history import History
from activity_sync.defs.jobs import job_name
from activity_sync.defs.keys import MODE_TAG
from activity_sync.defs.requests import BETWEEN_LOOKS_SECONDS, pass_due, pass_under_way, request_of, wait_for_the_end
from activity_sync.defs.standby import Standby
from activity_sync.defs.tasks import tasks_for_news
from activity_sync.errors import ActivitySyncError
from activity_sync.pipeline.plan import News, find_news
from activity_sync.pipeline.scope import Mode
from activity_sync.pipeline.session import Session
from activity_sync.systems.registry import SYSTEMS

_BACK = timedelta(minutes=10)
"""So far back a look goes: an index, or a long transaction, may show a record that much after it was modified."""
_RENEWED = timedelta(hours=1)
TICK_SECONDS = 5
"""About as often as Dagster's daemon looks for sensors that are due: most ticks ask whether a pass has ended."""
_EVERY_LOOK = 1
"""Less than that: whoever asks for 5 s is left out whenever the daemon looks a moment earlier than that."""
_LOOKS = int((TICK_SECONDS - 1) / BETWEEN_LOOKS_SECONDS)
"""So often a tick looks whether a pass under way has ended: the next one begins then, and not up to 5 s later."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a sensor remembers, in Dagster's storage: it survives restarts.

    `since`: from when on it looks for changes (ISO). `signs`: per type, what the last started run has seen or will see.
    `history`: the runs that carry a long history before the first pass. `looked`: when it asked last (ISO); empty where
    the next tick is to ask, whenever it comes.
    """

    since: str = ""
    signs: Mapping[str, str] = field(default_factory=dict)
    history: Mapping[str, Any] | None = None
    looked: str = ""

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """The inverse of `write`."""
        return cls(**json.loads(text)) if text else cls()

    def write(self) -> str:
        """The form in which Dagster keeps it."""
        return json.dumps(asdict(self))


def change_sensors(configuration: Configuration, standby: Standby) -> list[dg.SensorDefinition]:
    """One sensor per flow that has a type switched on."""
    return [_sensor(configuration, flow, standby) for flow in FLOWS if configuration.enabled(flow)]


def _sensor(configuration: Configuration, flow: Flow, standby: Standby) -> dg.SensorDefinition:
    automation = configuration.automation

    @dg.sensor(
        name=f"changes_{flow.name}",
        job_name=job_name(flow),
        minimum_interval_seconds=_EVERY_LOOK,
        default_status=dg.DefaultSensorStatus.RUNNING if automation.enabled else dg.DefaultSensorStatus.STOPPED,
        description=(
            f"Asks {SYSTEMS[flow.source].label} whether any activity changed and starts one incremental run if so."
        ),
    )
    def sense(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        wait_for_the_end(context.instance, flow, looks=_LOOKS)
        try:
            cursor, now = Cursor.read(context.cursor), datetime.now(tz=UTC)
            return look(context.instance, configuration, flow, standby, cursor, now=now)
        except ActivitySyncError as error:
            raise failure_of(error) from error

    return sense


def look(
    instance: dg.DagsterInstance,
    configuration: Configuration,
    flow: Flow,
    standby: Standby,
    cursor: Cursor,
    *,
    now: datetime,
) -> dg.SensorResult:
    """One tick. It asks the source every `look_seconds`, and as soon as a pass has ended.

    While a pass is under way nothing is asked, and what it may have missed is seen by the first tick after it: whoever
    waited for `look_seconds` again would let each change of a busy hour wait for that, too.
    """
    if running := pass_under_way(instance, flow):
        return _nothing(f"a pass is under way (run {running})", replace(cursor, looked=""))
    if cursor.history is not None:
        return _go_on(instance, configuration, flow, cursor)
    if wait := _rest(configuration, cursor, now):
        return _nothing(f"{flow.source} is asked again in {wait.total_seconds():.0f} s", cursor)
    seen = standby.ask(_seen, flow, configuration.enabled(flow), cursor)
    if seen.signs == cursor.signs:
        renewed = standby.ask(_renewed, flow, configuration.enabled(flow), seen)
        looked = replace(renewed, looked=now.isoformat())
        return _nothing(f"nothing changed in {flow.source} since {cursor.since}", looked)
    # Twenty steps cost Dagster seconds, whatever is in them: a run takes the types that changed, unless all are due.
    is_due, _ = pass_due(instance, configuration, flow, now=now)
    changed = {kind for kind, sign in seen.signs.items() if cursor.signs.get(kind) != sign}
    types = [kind for kind in configuration.enabled(flow) if is_due or kind.value in changed]
    news = standby.ask(find_news, flow, types)
    if news.denied:
        raise next(iter(news.denied.values()))
    if news.older:
        history = History.of(flow, tasks_for_news(configuration, types, news))
        return _go_on(instance, configuration, flow, replace(cursor, history=history.to_json()))
    return _request(configuration, flow, types, news, seen)


def _rest(configuration: Configuration, cursor: Cursor, now: datetime) -> timedelta | None:
    """How long there is to wait for the next look; None where it is due by the tick that is nearest to it."""
    if not cursor.looked:
        return None
    wait = datetime.fromisoformat(cursor.looked) + timedelta(seconds=configuration.automation.look_seconds) - now
    return wait if wait > timedelta(seconds=TICK_SECONDS) / 2 else None


def _request(
    configuration: Configuration, flow: Flow, types: Sequence[ActivityType], news: News, seen: Cursor
) -> dg.SensorResult:
    [task] = tasks_for_news(configuration, types, news)
    # The same signs ask for the same run: a tick that is repeated after a crash starts no second one.
    key = f"{flow.name}@{seen.since}:{'|'.join(seen.signs.values())}"
    return dg.SensorResult(run_requests=[request_of(configuration, flow, task, run_key=key)], cursor=seen.write())


def _go_on(instance: dg.DagsterInstance, configuration: Configuration, flow: Flow, cursor: Cursor) -> dg.SensorResult:
    history = History.from_json(cursor.history or {})
    requests = history.next_requests(instance, configuration, flow)
    done = any(one.tags.get(MODE_TAG) == Mode.INCREMENTAL.value for one in requests)
    after = Cursor() if done else cursor
    if requests:
        return dg.SensorResult(run_requests=requests, cursor=after.write())
    return _nothing(history.explain(instance), cursor)


def _nothing(reason: str, cursor: Cursor) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=dg.SkipReason(reason), cursor=cursor.write())


async def _seen(session: Session, flow: Flow, types: Sequence[ActivityType], cursor: Cursor) -> Cursor:
    """The signs of now, from the cursor's moment on."""
    since = datetime.fromisoformat(cursor.since) if cursor.since else _now(session, flow) - _BACK
    signs = await session.systems[flow.source].reader.signs_of_change(types, since=since)
    return Cursor(since.isoformat(), {kind.value: sign for kind, sign in signs.items()})


async def _renewed(session: Session, flow: Flow, types: Sequence[ActivityType], seen: Cursor) -> Cursor:
    """A cursor that looks less far back, once an hour: nothing has changed, and both say so at the same moment."""
    since = _now(session, flow) - _BACK
    if since - datetime.fromisoformat(seen.since) < _RENEWED:
        return seen
    return await _seen(session, flow, types, Cursor(since.isoformat()))


def _now(session: Session, flow: Flow) -> datetime:
    """By the source's clock, to the second."""
    return (session.clock() + session.systems[flow.source].clock_ahead).astimezone(UTC).replace(microsecond=0)
