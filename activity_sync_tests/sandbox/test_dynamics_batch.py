"""`$batch`, after learn.microsoft.com webapi/execute-batch-operations-using-web-api and the threads on its errors."""

import json
import re
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from activity_sync_tests.sandbox.dynamics_organisation import ROOT, Organisation, guid, organisation, refusal

__all__ = ["organisation"]

Operation = tuple[str, str, Any]


def http_part(operation: Operation, content_id: int | None = None) -> str:
    method, target, body = operation
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"{method} {target} HTTP/1.1"]
    if body is not None:
        lines += ["Content-Type: application/json", "", json.dumps(body)]
    else:
        lines += ["Accept: application/json", "", ""]
    return "\r\n".join(lines)


def change_set(operations: Sequence[Operation], *, numbered: bool = True, name: str = "c") -> str:
    parts = [http_part(each, number if numbered else None) for number, each in enumerate(operations, 1)]
    inside = "".join(f"--changeset_{name}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/mixed; boundary="changeset_{name}"\r\n\r\n{inside}--changeset_{name}--\r\n'


def batch(organisation: Organisation, *parts: str, prefer: str | None = None) -> httpx.Response:
    content = "".join(f"--batch_b\r\n{part}\r\n" for part in parts) + "--batch_b--\r\n"
    headers = {"Content-Type": 'multipart/mixed; boundary="batch_b"'}
    if prefer is not None:
        headers["Prefer"] = prefer
    return organisation.send("POST", f"{ROOT}/$batch", content=content.encode(), headers=headers)


def statuses(answered: httpx.Response) -> list[int]:
    return [int(number) for number in re.findall(r"HTTP/1\.1 (\d+)", answered.text)]


def task(subject: str, **more: Any) -> Operation:
    return ("POST", f"{ROOT}/tasks", {"subject": subject, **more})


TOO_LONG = task("x" * 201)
READ: Operation = ("GET", "/api/data/v9.2/tasks?$select=subject", None)


def subjects(organisation: Organisation) -> list[str]:
    return sorted(row["subject"] for row in organisation.values("tasks", select="subject"))


def test_batch_runs_in_order_and_answers_in_order(organisation: Organisation) -> None:
    answered = batch(organisation, http_part(task("one")), http_part(READ), http_part(task("two")))

    assert answered.status_code == 200
    assert answered.headers["content-type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert statuses(answered) == [204, 200, 204]
    assert '"subject":"one"' in answered.text
    assert '"subject":"two"' not in answered.text
    assert re.search(r"OData-EntityId: http://organisation/api/data/v9\.2/tasks\([0-9a-f-]{36}\)\r\n", answered.text)


def test_change_set_answers_are_nested_with_their_content_ids(organisation: Organisation) -> None:
    answered = batch(organisation, change_set([task("one"), task("two")]))

    assert answered.status_code == 200
    assert "Content-Type: multipart/mixed; boundary=changesetresponse_" in answered.text
    assert re.findall(r"Content-ID: (\d)", answered.text) == ["1", "2"]
    assert statuses(answered) == [204, 204]
    assert organisation.controls.requests.shown()["by_kind"] == {"$batch": 1}
    assert organisation.controls.requests.shown()["operations"] == {"create": 2}


def test_create_and_complete_in_one_change_set(organisation: Organisation) -> None:
    operations = [task("done", activityid=guid(1)), ("PATCH", "$1", {"statecode": 1, "statuscode": 5})]
    answered = batch(organisation, change_set(operations))

    assert statuses(answered) == [204, 204]
    assert organisation.get(f"tasks({guid(1)})").json()["statuscode"] == 5


def test_reference_in_a_bind(organisation: Organisation) -> None:
    operations: list[Operation] = [
        ("POST", "contacts", {"lastname": "Fogg"}),
        task("about", **{"regardingobjectid_contact_task@odata.bind": "$1"}),
        (
            "POST",
            "/api/data/v9.2/emails",
            {"email_activity_parties": [{"participationtypemask": 2, "partyid_contact@odata.bind": "$1"}]},
        ),
    ]
    answered = batch(organisation, change_set(operations))

    contact = organisation.values("contacts")[0]["contactid"]
    assert statuses(answered) == [204, 204, 204]
    assert organisation.values("tasks")[0]["_regardingobjectid_value"] == contact


def test_unknown_reference_fails_the_change_set(organisation: Organisation) -> None:
    answered = batch(organisation, change_set([("PATCH", "$9", {"statecode": 1})]))

    assert answered.status_code == 400
    assert "Content-ID Reference: '$9' does not exist in the batch context." in answered.text


def test_failed_change_set_applies_nothing_and_shows_only_the_failure(organisation: Organisation) -> None:
    contact = organisation.make("contacts", lastname="F")
    before = organisation.store.dump()
    operations = [task("one"), ("PATCH", f"contacts({contact})", {"lastname": "G"}), TOO_LONG, task("three")]

    answered = batch(organisation, change_set(operations))

    assert answered.status_code == 400
    assert statuses(answered) == [400]
    assert re.findall(r"Content-ID: (\d)", answered.text) == ["3"]
    assert "boundary=changesetresponse_" in answered.text
    assert "0x80044331" in answered.text
    after = organisation.store.dump()
    assert (after["rows"], after["deleted"]) == ({**before["rows"], "task": []}, before["deleted"])
    assert organisation.controls.requests.shown()["writes"] == 1


def test_failed_change_set_may_answer_as_a_plain_part(organisation: Organisation) -> None:
    organisation.set(dynamics_failed_change_set_plain=True)

    answered = batch(organisation, change_set([TOO_LONG]))

    assert statuses(answered) == [400]
    assert "changesetresponse_" not in answered.text


def test_deletes_and_parties_are_put_back(organisation: Organisation) -> None:
    contact = organisation.make("contacts", lastname="F")
    email = organisation.make(
        "emails",
        **{
            "regardingobjectid_contact_email@odata.bind": f"/contacts({contact})",
            "email_activity_parties": [
                {"participationtypemask": 2, "partyid_contact@odata.bind": f"/contacts({contact})"}
            ],
        },
    )
    before = organisation.store.dump()

    batch(organisation, change_set([("DELETE", f"contacts({contact})", None), TOO_LONG]))

    after = organisation.store.dump()
    assert after["rows"]["email"] == before["rows"]["email"]
    assert after["rows"]["contact"] == before["rows"]["contact"]
    assert after["deleted"] == {}
    assert organisation.delete(f"contacts({contact})").status_code == 204
    assert organisation.get(f"emails({email})").status_code == 404


def test_without_continuing_the_batch_stops_and_keeps_what_it_did(organisation: Organisation) -> None:
    answered = batch(organisation, http_part(task("one")), http_part(TOO_LONG), http_part(task("three")))

    assert answered.status_code == 400
    assert statuses(answered) == [204, 400]
    assert subjects(organisation) == ["one"]


def test_continuing_answers_200_with_a_status_each(organisation: Organisation) -> None:
    answered = batch(
        organisation,
        http_part(TOO_LONG),
        change_set([task("a"), TOO_LONG], name="x"),
        change_set([task("b")], name="y"),
        http_part(task("three")),
        prefer="odata.continue-on-error",
    )

    assert answered.status_code == 200
    assert statuses(answered) == [400, 400, 204, 204]
    assert subjects(organisation) == ["b", "three"]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (change_set([READ]), "GET requests are not allowed in a change set."),
        (change_set([task("one")], numbered=False), "Content-ID header not present"),
        (http_part(("POST", "$batch", {})), "Nested batch requests are not supported."),
    ],
)
def test_what_a_batch_does_not_take(organisation: Organisation, part: str, words: str) -> None:
    answered = batch(organisation, part)

    assert answered.status_code == 400
    assert words in answered.text
    assert "0x80060888" in answered.text


def test_bare_line_feeds_are_not_readable(organisation: Organisation) -> None:
    content = ("--batch_b\r\n" + http_part(task("one")) + "\r\n--batch_b--\r\n").replace("\r\n", "\n")
    refused = organisation.send(
        "POST",
        f"{ROOT}/$batch",
        content=content.encode(),
        headers={"Content-Type": "multipart/mixed; boundary=batch_b"},
    )

    assert refusal(refused) == (400, "0x80048d19")
    assert "Stream was not readable" in refused.json()["error"]["message"]


def test_length_that_promises_more_than_there_is(organisation: Organisation) -> None:
    part = http_part(task("one")).replace(
        "Content-Type: application/json", "Content-Type: application/json\r\nContent-Length: 999"
    )

    assert "Stream was not readable" in batch(organisation, part).text


def test_thousand_requests_are_taken_and_one_more_is_not(organisation: Organisation) -> None:
    who = http_part(("GET", "WhoAmI", None))

    assert statuses(batch(organisation, *[who] * 1000)) == [200] * 1000
    assert refusal(batch(organisation, *[who] * 1001)) == (400, "0x80060888")


def test_preferences_are_set_for_each_part(organisation: Organisation) -> None:
    part = http_part(task("one")).replace(
        "Content-Type: application/json", "Content-Type: application/json\r\nPrefer: return=representation"
    )
    answered = batch(organisation, part)

    assert statuses(answered) == [201]
    assert '"subject":"one"' in answered.text


def test_conditions_hold_inside_a_change_set(organisation: Organisation) -> None:
    organisation.make("tasks", activityid=guid(1), subject="there")
    part = change_set([("PATCH", f"tasks({guid(1)})", {"subject": "again"})]).replace(
        "Content-Type: application/json", "If-None-Match: *\r\nContent-Type: application/json"
    )

    answered = batch(organisation, part)

    assert answered.status_code == 412
    assert "A record with matching key values already exists." in answered.text
    assert subjects(organisation) == ["there"]


@pytest.mark.parametrize("content_type", ["application/json", "multipart/mixed"])
def test_batch_needs_its_content_type(organisation: Organisation, content_type: str) -> None:
    refused = organisation.send("POST", f"{ROOT}/$batch", content=b"", headers={"Content-Type": content_type})

    assert refusal(refused) == (400, "0x80060888")


def test_create_multiple_answers_ids_in_order(organisation: Organisation) -> None:
    targets = [{"@odata.type": "Microsoft.Dynamics.CRM.task", "subject": f"t{number}"} for number in range(3)]
    made = organisation.post("tasks/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})

    assert made.status_code == 200
    assert [organisation.get(f"tasks({each})").json()["subject"] for each in made.json()["Ids"]] == ["t0", "t1", "t2"]


def test_bulk_messages_are_all_or_nothing(organisation: Organisation) -> None:
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.task"}
    refused = organisation.post(
        "tasks/Microsoft.Dynamics.CRM.CreateMultiple",
        {"Targets": [kind | {"subject": "a"}, kind | {"subject": "x" * 201}]},
    )

    assert refusal(refused) == (400, "0x80044331")
    assert subjects(organisation) == []


def test_update_and_upsert_multiple(organisation: Organisation) -> None:
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.task"}
    one = organisation.make("tasks", subject="one")
    updated = organisation.post(
        "tasks/Microsoft.Dynamics.CRM.UpdateMultiple", {"Targets": [kind | {"activityid": one, "subject": "ONE"}]}
    )
    upserted = organisation.post(
        "tasks/Microsoft.Dynamics.CRM.UpsertMultiple",
        {"Targets": [kind | {"activityid": one, "subject": "two"}, kind | {"activityid": guid(2), "subject": "new"}]},
    )
    missing = organisation.post(
        "tasks/Microsoft.Dynamics.CRM.UpdateMultiple", {"Targets": [kind | {"activityid": guid(3), "subject": "x"}]}
    )

    assert (updated.status_code, upserted.status_code, upserted.content) == (204, 204, b"")
    assert refusal(missing) == (404, "0x80040217")
    assert subjects(organisation) == ["new", "two"]


@pytest.mark.parametrize("set_name", ["phonecalls", "emails", "appointments", "annotations"])
def test_tables_without_bulk_messages(organisation: Organisation, set_name: str) -> None:
    refused = organisation.post(f"{set_name}/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": [{}]})

    assert refusal(refused) == (400, "0x80040800")


def test_register_of_messages_tells_which_tables_take_bulk(organisation: Organisation) -> None:
    def supported(table: str) -> bool:
        text = f"sdkmessageid/name eq 'CreateMultiple' and primaryobjecttypecode eq '{table}'"
        return bool(organisation.values("sdkmessagefilters", select="sdkmessagefilterid", filter=text))

    assert [name for name in ("task", "contact", "phonecall", "email", "annotation") if supported(name)] == [
        "task",
        "contact",
    ]


def test_items_need_their_type(organisation: Organisation) -> None:
    refused = organisation.post("tasks/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": [{"subject": "t"}]})

    assert refusal(refused) == (400, "0x80048d19")
