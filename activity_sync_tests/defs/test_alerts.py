"""Alerts reach every receiver there is, over real HTTP and SMTP, and say nothing of an activity's contents."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import dagster as dg
import pytest

from activity_sync.configuration import Configuration, parse_configuration
from activity_sync.defs.alerts import Alert, failed_checks, send
from activity_sync.defs.build import build_definitions
from activity_sync.defs.failures import failure_of
from activity_sync.errors import AuthenticationFailed, ConfigurationError, Unreachable
from activity_sync.http.webhook import post_json

ALERT = Alert(
    "run_failure",
    "Activity Sync: run 12345678 of sync_hubspot_to_dynamics failed",
    "hubspot denies the request",
    "http://127.0.0.1:3000/runs/12345678",
    "12345678",
    datetime(2026, 3, 3, tzinfo=UTC),
)


@dataclass
class Receiver:
    address: str
    answers: list[int] = field(default_factory=list)
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    got = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.posts.append((self.path, json.loads(body)))
            self.send_response(got.answers.pop(0) if got.answers else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        got.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield got
        server.shutdown()


@contextmanager
def mail_server() -> Iterator[tuple[int, list[str]]]:
    lines: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            in_data = False
            for raw in self.rfile:
                line = raw.decode().rstrip("\r\n")
                lines.append(line)
                if in_data:
                    if line == ".":
                        in_data = False
                        self.wfile.write(b"250 taken\r\n")
                    continue
                in_data = line.upper() == "DATA"
                told = {"EHLO": b"250 here\r\n", "DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}
                self.wfile.write(told.get(line[:4].upper(), b"250 fine\r\n"))
                if line.upper() == "QUIT":
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], lines
        server.shutdown()


def alerts_to(*receivers: str, **more: Any) -> Configuration:
    return parse_configuration({"alerts": {"to": list(receivers), **more}}, name="test")


def test_slack_teams_and_a_webhook_get_each_its_own_form(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLACK", "TEAMS", "WEBHOOK"):
        monkeypatch.setenv(f"ACTIVITY_SYNC_{name}_URL", f"{receiver.address}/{name.lower()}/secret")

    send(alerts_to("slack", "teams", "webhook").alerts, ALERT)

    got = dict(receiver.posts)
    assert got["/slack/secret"]["text"].splitlines() == [ALERT.title, ALERT.detail, ALERT.url]
    card = got["/teams/secret"]["attachments"][0]["content"]
    assert [one["text"] for one in card["body"]] == [ALERT.title, ALERT.detail]
    assert card["actions"][0]["url"] == ALERT.url
    assert got["/webhook/secret"] == {
        "event": "run_failure",
        "title": ALERT.title,
        "detail": ALERT.detail,
        "url": ALERT.url,
        "run_id": "12345678",
        "at": "2026-03-03T00:00:00+00:00",
    }


def test_mail_goes_to_all_addressees() -> None:
    with mail_server() as (port, lines):
        email = {
            "server": "127.0.0.1",
            "port": port,
            "sender": "sync@ours.example",
            "to": ["a@b.example", "c@d.example"],
        }
        send(alerts_to("email", email=email).alerts, ALERT)

    assert f"Subject: {ALERT.title}" in " ".join(lines)
    assert {"rcpt TO:<a@b.example>", "rcpt TO:<c@d.example>"} <= set(lines)
    assert ALERT.detail in lines


def test_busy_receiver_is_asked_again_and_a_refusal_is_not(receiver: Receiver) -> None:
    receiver.answers = [503, 429, 200]
    post_json(receiver.address, {"a": 1}, name="Slack", setting="ACTIVITY_SYNC_SLACK_URL", sleep=lambda _: None)
    assert len(receiver.posts) == 3

    receiver.answers = [404]
    with pytest.raises(Unreachable) as raised:
        post_json(f"{receiver.address}/token", {"a": 1}, name="Slack", setting="ACTIVITY_SYNC_SLACK_URL")

    assert len(receiver.posts) == 4
    assert "HTTP 404" in raised.value.message
    assert "ACTIVITY_SYNC_SLACK_URL" in raised.value.message
    assert "token" not in raised.value.message


def test_receiver_that_cannot_be_reached_keeps_no_other_from_being_told(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTIVITY_SYNC_WEBHOOK_URL", receiver.address)
    email = {"server": "127.0.0.1", "port": 1, "sender": "a@b.example", "to": ["c@d.example"]}

    with pytest.raises(Unreachable, match=r"alerts\.email"):
        send(alerts_to("email", "webhook", email=email).alerts, ALERT)

    assert len(receiver.posts) == 1


def test_receiver_without_an_address_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTIVITY_SYNC_SLACK_URL", raising=False)

    with pytest.raises(ConfigurationError, match="ACTIVITY_SYNC_SLACK_URL"):
        send(alerts_to("slack").alerts, ALERT)


def test_email_without_a_server_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"email: \{server"):
        alerts_to("email")


def test_failed_check_is_told_once_with_the_place_it_failed_at() -> None:
    @dg.asset(key=["hubspot_to_dynamics", "task", "load_results"])
    def loads() -> None: ...

    @dg.asset_check(asset=loads)
    def balance() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, description="2 records are unaccounted for")

    @dg.asset_check(asset=loads)
    def other() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    alerts = alerts_to("webhook").alerts
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([loads, balance, other], instance=instance)
        found = list(failed_checks(instance, alerts, after=0))
        again = list(failed_checks(instance, alerts, after=max(place for place, *_ in found)))

    told = [alert for *_, alert in found if alert is not None]
    assert [(one.title, one.detail) for one in told] == [
        (
            "Activity Sync: check balance of hubspot_to_dynamics/task/load_results failed",
            "2 records are unaccounted for",
        )
    ]
    assert told[0].url.endswith("/assets/hubspot_to_dynamics/task/load_results?view=checks")
    assert again == []


def asset_with_failures(failed: int) -> list[Any]:
    @dg.asset(key=["hubspot_to_dynamics", "task", "load_results"])
    def loads() -> None: ...

    @dg.asset_check(asset=loads)
    def failures() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=failed == 0, description=f"{failed} records failed")

    return [loads, failures]


def test_check_that_goes_on_failing_is_told_again_when_it_says_something_else(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTIVITY_SYNC_WEBHOOK_URL", receiver.address)
    sensor = build_definitions(alerts_to("webhook")).get_repository_def().get_sensor_def("alert_check_failures")
    cursor = None
    told = []
    with dg.DagsterInstance.ephemeral() as instance:
        for failed in (1, 1, 2, 0, 2):
            dg.materialize(asset_with_failures(failed), instance=instance)
            context = dg.build_sensor_context(instance, cursor=cursor)
            sensor(context)
            cursor = context.cursor
            told.append([document["detail"] for _, document in receiver.posts])
            receiver.posts.clear()

    assert told == [["1 records failed"], [], ["2 records failed"], [], ["2 records failed"]]


def test_failed_run_is_told_through_the_sensor(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIVITY_SYNC_WEBHOOK_URL", receiver.address)
    repository = build_definitions(alerts_to("webhook")).get_repository_def()
    sensor = repository.get_sensor_def("alert_run_failures")

    @dg.op
    def breaks() -> None:
        raise failure_of(AuthenticationFailed("hubspot denies the request", system="hubspot"))

    @dg.op
    def quotes() -> None:
        raise ValueError("Dear Ann, ...")

    @dg.job
    def sync_hubspot_to_dynamics() -> None:
        breaks()
        breaks.alias("breaks_too")()
        quotes()

    with dg.DagsterInstance.ephemeral() as instance:
        result = sync_hubspot_to_dynamics.execute_in_process(instance=instance, raise_on_error=False)
        [event] = [one for one in result.all_events if one.event_type is dg.DagsterEventType.RUN_FAILURE]
        context = dg.build_run_status_sensor_context(
            sensor_name=sensor.name,
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=event,
        )
        sensor(context.for_run_failure())

    [(_, document)] = receiver.posts
    assert document["run_id"] == result.run_id
    assert "sync_hubspot_to_dynamics failed" in document["title"]
    assert document["detail"].splitlines() == [
        "AuthenticationFailed: hubspot denies the request [breaks, breaks_too]",
        "ValueError: see the run [quotes]",
    ], "what failed and why, and nothing that a foreign error may quote"


def test_nobody_is_told_unless_somebody_is_named() -> None:
    names = {one.name for one in build_definitions(Configuration()).get_repository_def().sensor_defs}

    assert not [name for name in names if name.startswith("alert")]
