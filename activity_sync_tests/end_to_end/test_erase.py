"""`activity-sync erase`: a person is gone from staging, and nobody else is."""

from __future__ import annotations

import json

import pytest

from activity_sync.bootstrap import open_staging
from activity_sync_tests.end_to_end.bridge import Bridge, ago, dynamics_people, hubspot_people, totals
from activity_sync_tests.end_to_end.ordinary import hubspot_activities
from activity_sync_tests.end_to_end.test_secrets import contents

ADDRESS = "person-0@acme.example"


@pytest.fixture
def carried(bridge: Bridge) -> Bridge:
    """A call and a note of each of two people, carried and looked at by both flows; a mail that names the first one."""
    bridge.seed({"hubspot": hubspot_people(2), "dynamics": dynamics_people(2)})
    for n, contact in enumerate(("1001", "1002")):
        bridge.seed({"hubspot": hubspot_activities("call", [ago(hours=2)], first_id=501 + n, contact=contact)})
        bridge.seed({"hubspot": hubspot_activities("note", [ago(hours=2)], first_id=601 + n, contact=contact)})
    mail = hubspot_activities("email", [ago(hours=2)], first_id=701, contact="1002")
    mail["objects"]["emails"][0]["properties"]["hs_email_html"] = f"<p>as {ADDRESS} said</p>"
    bridge.seed({"hubspot": mail})
    assert totals(bridge.sync())["created"] == 5
    return bridge


def erase(bridge: Bridge, *arguments: str) -> dict:
    done = bridge.command("erase", "--json", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ADDRESS not in done.stdout + done.stderr
    return json.loads(done.stdout)


def staged_ids(bridge: Bridge) -> set[str]:
    """The source ids of everything staged from HubSpot, in any run and step."""
    rows = [
        row["source_id"]
        for kind in ("call", "note", "email")
        for one in ("501", "502", "601", "602", "701")
        for row in open_staging(bridge.settings).trace("hubspot_to_dynamics", kind, one)  # type: ignore[arg-type]
    ]
    return set(rows)


@pytest.mark.slow
def test_person_is_gone_from_staging_and_the_others_stay(carried: Bridge) -> None:
    copy = carried.counterpart("hubspot", "call", "501")
    told = erase(carried, "--email", ADDRESS.upper())

    assert {(one["system"], one["id"]) for one in told["contacts"]} == {
        ("hubspot", "1001"),
        ("dynamics", "00000000-0000-4000-8000-000000001001"),
    }
    assert staged_ids(carried) == {"502", "602"}
    assert {one["type"] for one in told["erased"]} == {"call", "note", "email"}
    staged = [text for name, text in contents(carried.home) if name.endswith(".parquet")]
    assert staged
    assert not [text for text in staged if ADDRESS in text or f'"{copy}"' in text]
    assert erase(carried, "--email", ADDRESS)["erased"] == []


@pytest.mark.slow
def test_sync_goes_on_as_if_nothing_had_been_erased(carried: Bridge) -> None:
    erase(carried, "--email", ADDRESS)
    carried.forget()

    carried.sync()

    assert carried.writes() == 0
    assert carried.counterpart("hubspot", "call", "501") is not None


@pytest.mark.slow
def test_what_was_read_and_not_loaded_is_read_again(carried: Bridge) -> None:
    carried.seed({"hubspot": hubspot_activities("call", [ago(minutes=1)], first_id=503)})
    carried.sync("hubspot_to_dynamics", "call", preview=True)

    erase(carried, "--email", ADDRESS)

    assert totals(carried.sync("hubspot_to_dynamics", "call"))["created"] == 1


@pytest.mark.slow
def test_person_whom_the_systems_have_forgotten_is_named_by_contact(carried: Bridge) -> None:
    told = erase(carried, "--email", "nobody@acme.example", "--contact", "hubspot:contact/1001")

    assert told["contacts"] == [{"system": "hubspot", "id": "1001"}]
    assert staged_ids(carried) == {"502", "602", "701"}, "the mail only names an address that was not asked about"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--email", "ann"), "'ann' is no e-mail address"),
        (("--email", ADDRESS, "--contact", "1001"), "write it as hubspot:contact/101"),
        (("--email", ADDRESS, "--contact", "hubspot:company/1"), "names no contact"),
        ((), "--email"),
    ],
)
def test_wrong_use_says_what_is_right(bridge: Bridge, arguments: tuple[str, ...], said: str) -> None:
    done = bridge.command("erase", *arguments)

    assert done.returncode == 2
    assert said in done.stderr
