"""Tells people of failed runs and failed checks: Slack, Teams, a webhook, mail, as configured."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import dagster as dg

from activity_sync.bootstrap import read_settings
from activity_sync.configuration import AlertsConfig, Configuration, EmailConfig
from activity_sync.defs.failures import reason_of
from activity_sync.errors import ConfigurationError, Unreachable
from activity_sync.http.webhook import post_json
from activity_sync.settings import AlertSettings

_AT_MOST = 20
"""Failed checks that one tick tells; the next one goes on behind them."""
_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Alert:
    """What happened, for people: no contents of any record. `event` is `run_failure` or `check_failure`."""

    event: str
    title: str
    detail: str
    url: str
    run_id: str
    at: datetime

    @property
    def text(self) -> str:
        """All of it, a line or more for each part."""
        return f"{self.title}\n{self.detail}\n{self.url}"


def alert_sensors(configuration: Configuration) -> list[dg.SensorDefinition]:
    """One sensor per kind of event; none where nobody is told. They run from the start: `alerts.to` is the switch."""
    alerts = configuration.alerts
    if not alerts.to:
        return []
    found: list[dg.SensorDefinition] = []
    if "run_failure" in alerts.events:
        found.append(_run_failures(alerts))
    if "check_failure" in alerts.events:
        found.append(_check_failures(alerts))
    return found


def _run_failures(alerts: AlertsConfig) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="alert_run_failures",
        description=f"Tells {', '.join(alerts.to)} of every run that failed.",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
    )
    def tell(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        send(
            alerts,
            Alert(
                "run_failure",
                f"Activity Sync: run {run.run_id[:8]} of {run.job_name} failed",
                detail_of(context.get_step_failure_events()) or context.failure_event.message or "",
                f"{alerts.ui_url.rstrip('/')}/runs/{run.run_id}",
                run.run_id,
                datetime.now(tz=UTC),
            ),
        )

    return tell


def _check_failures(alerts: AlertsConfig) -> dg.SensorDefinition:
    @dg.sensor(
        name="alert_check_failures",
        description=f"Tells {', '.join(alerts.to)} of every asset check that failed.",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
    )
    def tell(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        told = 0
        held = Told.read(context.cursor)
        for storage_id, check, alert in failed_checks(context.instance, alerts, after=held.after):
            if alert is None:
                held.details.pop(check, None)
            elif held.details.get(check) != alert.detail:  # a failure that stands is told once, not after every pass
                send(alerts, alert)
                held.details[check] = alert.detail
                told += 1
            held.after = storage_id
            context.update_cursor(held.written())  # what was told is not told again, whatever fails next
        return dg.SkipReason(f"{told} failed checks told" if told else "no check failed anew")

    return tell


@dataclass(slots=True)
class Told:
    """What the sensor's cursor keeps: up to where it has read, and by check what it told of one that still fails."""

    after: int = 0
    details: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str | None) -> Told:
        """The inverse of `written`; nothing where there is no cursor."""
        if not cursor:
            return cls()
        held = json.loads(cursor)
        return cls(held) if isinstance(held, int) else cls(held["after"], held["details"])

    def written(self) -> str:
        """The cursor."""
        return json.dumps({"after": self.after, "details": self.details})


def failed_checks(
    instance: dg.DagsterInstance, alerts: AlertsConfig, *, after: int
) -> Iterator[tuple[int, str, Alert | None]]:
    """The evaluations behind this place in the event log, oldest first: place, check, and what to tell of a failure."""
    records = instance.get_event_records(
        dg.EventRecordsFilter(event_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION, after_cursor=after),
        limit=_AT_MOST,
        ascending=True,
    )
    for record in records:
        entry = record.event_log_entry
        evaluation = entry.dagster_event.asset_check_evaluation_data if entry.dagster_event else None
        if evaluation is None:
            yield record.storage_id, "", None
            continue
        path = "/".join(evaluation.asset_key.path)
        check = f"{path}:{evaluation.check_name}"
        if evaluation.passed:
            yield record.storage_id, check, None
            continue
        yield (
            record.storage_id,
            check,
            Alert(
                "check_failure",
                f"Activity Sync: check {evaluation.check_name} of {path} failed",
                evaluation.description or "",
                f"{alerts.ui_url.rstrip('/')}/assets/{path}?view=checks",
                entry.run_id,
                datetime.fromtimestamp(entry.timestamp, tz=UTC),
            ),
        )


def send(alerts: AlertsConfig, alert: Alert) -> None:
    """Everybody who is to be told has been told. One receiver that cannot be reached does not keep others from it."""
    settings = read_settings().alerts
    failed: list[Unreachable] = []
    for receiver in alerts.to:
        try:
            _send(receiver, alerts, settings, alert)
        except Unreachable as error:
            failed.append(error)
    if failed:
        raise failed[0]


def _send(receiver: str, alerts: AlertsConfig, settings: AlertSettings, alert: Alert) -> None:
    match receiver:
        case "email" if alerts.email is not None:
            _send_mail(alerts.email, settings.smtp_password, alert)
        case "slack":
            _post("Slack", "ACTIVITY_SYNC_SLACK_URL", settings.slack_url, {"text": alert.text})
        case "teams":
            _post("Teams", "ACTIVITY_SYNC_TEAMS_URL", settings.teams_url, _card(alert))
        case _:
            _post("the webhook", "ACTIVITY_SYNC_WEBHOOK_URL", settings.webhook_url, _document(alert))


def _post(name: str, setting: str, url: str, document: dict[str, Any]) -> None:
    if not url:
        raise ConfigurationError(f"alerts.to names a receiver whose address is not set: {setting}", setting=setting)
    post_json(url, document, name=name, setting=setting)


def _document(alert: Alert) -> dict[str, Any]:
    return {
        "event": alert.event,
        "title": alert.title,
        "detail": alert.detail,
        "url": alert.url,
        "run_id": alert.run_id,
        "at": alert.at.isoformat(timespec="seconds"),
    }


def _card(alert: Alert) -> dict[str, Any]:
    """An adaptive card, as Teams' workflow webhooks take it ("Post a workflow when a webhook request is received")."""
    card = {
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": alert.title, "weight": "Bolder", "wrap": True},
            {"type": "TextBlock", "text": alert.detail, "wrap": True},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Dagster", "url": alert.url}],
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def _send_mail(email: EmailConfig, password: str, alert: Alert) -> None:
    message = EmailMessage()
    message["Subject"] = alert.title
    message["From"] = email.sender
    message["To"] = ", ".join(email.to)
    message.set_content(alert.text)
    try:
        with smtplib.SMTP(email.server, email.port, timeout=_TIMEOUT_SECONDS) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls()
            if email.user:
                server.login(email.user, password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(
            f"the alert could not be mailed through {email.server}:{email.port} ({type(error).__name__}); check "
            "alerts.email and ACTIVITY_SYNC_SMTP_PASSWORD",
            setting="alerts.email",
        ) from error


def detail_of(failures: Iterable[dg.DagsterEvent]) -> str:
    """A line for each reason, with the steps that failed for it; empty where no step failed, as when a process died."""
    told: dict[str, list[str]] = {}
    for event in failures:
        told.setdefault(reason_of(event), []).append((event.step_key or "").replace("__", "/"))
    return "\n".join(f"{reason} [{', '.join(steps)}]" for reason, steps in told.items())
