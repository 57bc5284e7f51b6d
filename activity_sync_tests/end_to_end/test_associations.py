"""Associations that people change after the first sync are carried, element by element."""

from __future__ import annotations

import json
import urllib.request

from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge, ago, iso, totals


def _associate(bridge: Bridge, verb: str, email: str, contact: str) -> None:
    """A person adds a contact to an email, or takes it away."""
    target = [{"id": contact}] if verb == "archive" else {"id": contact}
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 198}]
    pair: dict[str, object] = {"from": {"id": email}, "to": target}
    body = {"inputs": [pair | ({} if verb == "archive" else {"types": types})]}
    request = urllib.request.Request(
        f"{bridge.environ['HUBSPOT_BASE_URL']}/crm/associations/2026-09/emails/contacts/batch/{verb}",
        data=json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {bridge.environ['HUBSPOT_ACCESS_TOKEN']}",
        },
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status < 300


def _contacts(bridge: Bridge) -> set[str]:
    (row,) = bridge.dynamics("email").values()
    found = {
        party["partyid"]["id"] for party in row["parties"] if (party.get("partyid") or {}).get("type") == "contact"
    }
    regarding = row.get("regardingobjectid")
    return found | ({regarding["id"]} if regarding else set())


def test_contacts_added_and_taken_away_after_the_first_sync_are_carried(peopled: Bridge) -> None:
    moment = iso(ago(minutes=20))
    peopled.seed(
        {
            "hubspot": {
                "objects": {
                    "emails": [
                        {
                            "id": "601",
                            "properties": {
                                "hs_timestamp": moment,
                                "hs_email_direction": "EMAIL",
                                "hs_email_status": "SCHEDULED",
                                "hs_email_subject": "Hello",
                                "hs_email_html": "<p>Hello</p>",
                            },
                            "createdAt": moment,
                            "updatedAt": moment,
                        }
                    ]
                },
                "associations": [
                    {"from": ["emails", "601"], "to": ["contacts", "1001"], "types": [198]},
                    {"from": ["emails", "601"], "to": ["contacts", "1002"], "types": [198]},
                ],
            }
        }
    )
    peopled.sync(kind="email")
    assert _contacts(peopled) == {CONTACT_IDS[0], CONTACT_IDS[1]}

    _associate(peopled, "create", "601", "1003")
    _associate(peopled, "archive", "601", "1002")
    peopled.people.edit_hubspot("emails", "601", {"hs_email_subject": "Hello again"})
    carried = peopled.sync(kind="email")
    after = _contacts(peopled)
    peopled.forget()
    echoes = [peopled.sync(kind="email") for _ in range(2)]

    assert totals(carried)["updated"] == 1
    assert after == {CONTACT_IDS[0], CONTACT_IDS[2]}
    assert peopled.writes() == 0
    assert all("updated" not in totals(one) for one in echoes)
    assert peopled.associations("emails", "601") == {("contacts", "1001"), ("contacts", "1003")}
