"""Whether those who are to be told of failures have an address. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from activity_sync.configuration import AlertsConfig
from activity_sync.findings import Finding, fine, warn, wrong
from activity_sync.settings import AlertSettings

_VARIABLES: Final = {
    "slack": "ACTIVITY_SYNC_SLACK_URL",
    "teams": "ACTIVITY_SYNC_TEAMS_URL",
    "webhook": "ACTIVITY_SYNC_WEBHOOK_URL",
}


def alert_findings(config: AlertsConfig, settings: AlertSettings) -> Iterator[Finding]:
    """One finding for each receiver. None is sent anything."""
    stated = {"slack": settings.slack_url, "teams": settings.teams_url, "webhook": settings.webhook_url}
    for receiver in dict.fromkeys(config.to):
        name = f"alerts.{receiver}"
        if receiver == "email":
            yield warn(
                name, "cannot be checked without sending: whether the mail server takes alerts", "send yourself one"
            )
        elif stated[receiver]:
            yield fine(name, f"{_VARIABLES[receiver]} is set; no alert is sent to try it")
        else:
            remedy = f"set {_VARIABLES[receiver]}, or take {receiver} out of alerts.to"
            yield wrong(name, f"alerts.to names {receiver}, and {_VARIABLES[receiver]} is not set", remedy)
