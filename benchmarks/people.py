"""People at work in both sandboxes while something is measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx

from activity_sync.cli.people import SandboxUser
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, HUBSPOT_TYPES, iso
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

FLOWS = ("hubspot_to_dynamics", "dynamics_to_hubspot")


class People:
    """They work in both CRMs, through the APIs, and look for what the others made."""

    def __init__(self, systems: Mapping[str, str]) -> None:
        self.user = SandboxUser(systems)
        self._hubspot = systems["HUBSPOT_BASE_URL"]
        self._dynamics = systems["DYNAMICS_URL"]
        self._token = systems["HUBSPOT_ACCESS_TOKEN"]
        self._signed_in = self.user.sign_in()
        self._http = httpx.Client(timeout=60)

    def make(self, flow: str, number: int) -> str:
        """An activity in the flow's source; the words by which it is known."""
        words = f"change {number:04d} of {flow}"
        (self._in_hubspot if flow == FLOWS[0] else self._in_dynamics)(number, words)
        return words

    def _in_hubspot(self, number: int, words: str) -> None:
        kind = list(HUBSPOT_TYPES)[number % len(HUBSPOT_TYPES)]
        seed = hubspot_activities(kind, [datetime.now(tz=UTC)])
        ((made,),) = seed["objects"].values()
        [link] = seed["associations"]
        shown = f"{'Mail' if kind == 'email' else kind.capitalize()} {made['id']}"
        properties = {name: value.replace(shown, words) for name, value in made["properties"].items()}
        category = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": link["types"][0]}
        body = {"properties": properties, "associations": [{"to": {"id": link["to"][1]}, "types": [category]}]}
        url = f"{self._hubspot}/crm/objects/2026-09/{HUBSPOT_TYPES[kind]}"
        self._http.post(url, json=body, headers={"Authorization": f"Bearer {self._token}"}).raise_for_status()

    def _in_dynamics(self, number: int, words: str) -> None:
        now = iso(datetime.now(tz=UTC).replace(microsecond=0)).replace(".000", "")
        contact = f"/contacts({CONTACT_IDS[0]})"
        entity_set, row = (
            ("tasks", {"regardingobjectid_contact_task@odata.bind": contact}),
            ("phonecalls", {"regardingobjectid_contact_phonecall@odata.bind": contact}),
            ("annotations", {"objectid_contact@odata.bind": contact}),
            (
                "appointments",
                {
                    "regardingobjectid_contact_appointment@odata.bind": contact,
                    "scheduledstart": now,
                    "scheduledend": now,
                },
            ),
        )[number % 4]
        url = f"{self._dynamics}/api/data/v9.2/{entity_set}"
        headers = {"Authorization": f"Bearer {self._signed_in}"}
        self._http.post(url, json={"subject": words, **row}, headers=headers).raise_for_status()

    def sees(self, flow: str) -> str:
        """Everything that the flow's target holds."""
        return json.dumps(self.user.stored("dynamics" if flow == FLOWS[0] else "hubspot"))
