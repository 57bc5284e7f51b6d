"""Calendar files as meetings of both systems: each event is one, and a file without an event is one too."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from icalendar import Calendar, Component, vDDDTypes, vText

from activity_sync.activities.activity import RichText
from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.end_to_end.real_data.records import Given, new_id

SOURCE = "calendar"

_FIRST_ID = 920_001
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LINE = re.compile(r"^(SUMMARY|DESCRIPTION|LOCATION|DTSTART|DTEND)(?:;[^:]*)?:(.*)$", re.MULTILINE)
_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Event:
    """What an event says. Times are UTC; a floating time is taken as UTC."""

    name: str
    subject: str = ""
    body: str = ""
    location: str = ""
    url: str = ""
    start: datetime | None = None
    end: datetime | None = None
    all_day: bool = False
    cancelled: bool = False


def read_calendars(folder: Path) -> list[Event]:
    """The events of all calendars of a folder, by file and place in it."""
    found: list[Event] = []
    for path in sorted(folder.glob("*.ics")):
        content = path.read_bytes()
        events = list(_events(content)) or [_salvaged(content)]
        found += [_event(f"{path.name}#{n}", component) for n, component in enumerate(events, start=1)]
    return found


def given_meetings(events: list[Event], system: str) -> list[Given]:
    """Each event as a meeting that stands in a system."""
    describe = _hubspot if system == "hubspot" else _dynamics
    return [describe(event, new_id(system, _FIRST_ID + n, event.name)) for n, event in enumerate(events)]


def _hubspot(event: Event, record_id: str) -> Given:
    values = {
        "hs_meeting_title": event.subject,
        "hs_meeting_body": event.body,
        "hs_meeting_location": event.location,
        "hs_meeting_external_url": event.url,
        "hs_timestamp": _iso(event.start),
        "hs_meeting_start_time": _iso(event.start),
        "hs_meeting_end_time": _iso(event.end),
        "hs_meeting_outcome": "CANCELED" if event.cancelled else "SCHEDULED",
    }
    return _given(event, "hubspot", record_id, values, event.body)


def _dynamics(event: Event, record_id: str) -> Given:
    body = _CONTROL.sub("", event.body)
    values = {
        "subject": _CONTROL.sub("", event.subject)[:_LENGTH],
        "description": body,
        "location": _CONTROL.sub("", event.location)[:_LENGTH],
        "scheduledstart": _iso(event.start),
        "scheduledend": _iso(event.end),
        "isalldayevent": event.all_day,
        "statecode": 2 if event.cancelled else 3,
        "statuscode": 4 if event.cancelled else 5,
    }
    return _given(event, "dynamics", record_id, values, body)


def _given(event: Event, system: str, record_id: str, values: dict[str, Any], body: str) -> Given:
    present = {column: value for column, value in values.items() if value not in (None, "")}
    rich = RichText(body, html=False) if body.strip() else None
    return Given(SOURCE, event.name, system, ActivityType.MEETING, record_id, present, rich)


def _events(content: bytes) -> Iterator[Component]:
    """The events of a file; of one without events, what it does hold; nothing where the parser gives up."""
    try:
        with warnings.catch_warnings(action="ignore"):
            parsed = Calendar.from_ical(content, multiple=True)
    except ValueError:
        return
    components = [component for one in parsed for component in one.walk()]
    events = [component for component in components if component.name == "VEVENT"]
    yield from events or components[:1]


def _salvaged(content: bytes) -> Component:
    """The lines that matter, of a file that is no calendar to the parser."""
    found = Component()
    text = re.sub(r"\r?\n[ \t]", "", content.decode("utf-8", "replace"))
    for name, value in _LINE.findall(text):
        # `add` would parse, and so refuse, what is broken.
        found[name] = vText.from_ical(value.strip())
    return found


def _event(name: str, component: Component) -> Event:
    start, end, length = (_moment(component, one) for one in ("DTSTART", "DTEND", "DURATION"))
    all_day = isinstance(start, date) and not isinstance(start, datetime)
    begins = _utc(start)
    if begins is not None and isinstance(length, timedelta):
        ends: datetime | None = begins + length
    elif begins is not None and end is None and all_day:
        ends = begins + timedelta(days=1)
    else:
        ends = _utc(end)
    return Event(
        name=name,
        subject=" ".join((_text(component, "SUMMARY") or _text(component, "NAME")).split()),
        body=_text(component, "DESCRIPTION"),
        location=" ".join(_text(component, "LOCATION").split()),
        url=_text(component, "URL"),
        start=begins,
        end=ends,
        all_day=all_day,
        cancelled=_text(component, "STATUS").upper() == "CANCELLED",
    )


def _text(component: Component, name: str) -> str:
    value = _first(component, name)
    return "" if value is None else str(value).strip()


def _moment(component: Component, name: str) -> Any:
    """A date, a time or a duration; None where there is none, or none that can be read."""
    value = _first(component, name)
    try:
        return vDDDTypes.from_ical(value) if isinstance(value, str) else getattr(value, "dt", None)
    except ValueError:
        return None


def _first(component: Component, name: str) -> Any:
    """A property's value; the first where a broken event has several."""
    value = component.get(name)
    return value[0] if isinstance(value, list) and value else value


def _utc(value: Any) -> datetime | None:
    match value:
        case datetime():
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        case date():
            return datetime.combine(value, time(), tzinfo=UTC)
        case _:
            return None


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
