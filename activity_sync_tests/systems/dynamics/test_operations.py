"""Answers that no sandbox gives: rows we may not see, batches that stop early or say "later" inside."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import httpx
import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import MalformedResponse, ServerUnavailable
from activity_sync.http.auth import StaticBearer
from activity_sync.http.client import ApiClient
from activity_sync.http.limits import NoLimits
from activity_sync.systems.dynamics.batch import Operation
from activity_sync.systems.dynamics.metadata import Metadata
from activity_sync.systems.dynamics.operations import Operations
from activity_sync.systems.dynamics.reader import DynamicsReader
from activity_sync.systems.dynamics.refusals import read_refusal
from activity_sync.systems.dynamics.writer import DynamicsWriter
from activity_sync.systems.records import CreateRequest
from activity_sync_tests.systems.dynamics.organizations import guid

READ = Operation("GET", "tasks?$top=1")
ROWS = (200, {"value": [{"subject": "x"}]})
LATER = (429, {"error": {"code": "0x80072322", "message": "Number of requests exceeded the limit"}})


def batch_answer(*parts):
    lines = []
    for status, body in parts:
        lines += [
            "--b",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            "",
            f"HTTP/1.1 {status} Whatever",
            "Content-Type: application/json",
            "",
            json.dumps(body),
        ]
    content = "\r\n".join([*lines, "--b--", ""]).encode()
    return httpx.Response(200, headers={"Content-Type": "multipart/mixed; boundary=b"}, content=content)


def use(answers, work):
    """The result of `work` on operations whose calls get these answers in turn."""
    given = iter(answers)
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    async def used():
        client = ApiClient(
            system="dynamics",
            base_url="http://127.0.0.1",
            auth=StaticBearer("token"),
            limits=NoLimits(),
            read_refusal=read_refusal,
            max_concurrency=4,
            transport=httpx.MockTransport(lambda _: next(given)),
        )
        async with client:
            return await work(Operations(client, sleep=sleep))

    return asyncio.run(used()), waits


def test_read_postponed_inside_a_batch_is_sent_again_alone():
    answers = [batch_answer(ROWS, LATER), batch_answer(ROWS)]

    found, waits = use(answers, lambda operations: operations.read_rows([READ, READ]))

    assert found == [[{"subject": "x"}]] * 2
    assert waits == [1.0]


def test_read_that_is_postponed_for_ever_is_an_error():
    with pytest.raises(ServerUnavailable):
        use([batch_answer(LATER)] * 4, lambda operations: operations.read_rows([READ]))


def test_reads_left_unanswered_are_sent_again_and_malformed_in_the_end():
    found, _ = use([batch_answer(ROWS)] * 2, lambda operations: operations.read_rows([READ, READ]))

    assert found == [[{"subject": "x"}]] * 2
    with pytest.raises(MalformedResponse):
        use([batch_answer()] * 4, lambda operations: operations.read_rows([READ]))


def test_more_answers_than_parts_are_malformed():
    with pytest.raises(MalformedResponse):
        use([batch_answer(ROWS, ROWS)], lambda operations: operations.read_rows([READ]))


def test_create_left_unanswered_is_uncertain():
    body = {"columns": {"subject": "x"}, "parties": [], "state": None}
    requests = [CreateRequest(guid(number, kind="e"), body) for number in (1, 2)]

    def create(operations):
        return DynamicsWriter(operations, Metadata(operations)).create(ActivityType.TASK, requests)

    results, _ = use([batch_answer((204, {}))], create)

    assert [one.outcome for one in results] == ["done", "uncertain"]


@pytest.mark.parametrize(
    ("status", "seen"),
    [(404, {guid(1, kind="e"): True}), (403, {}), (200, {})],
)
def test_only_an_explicit_404_is_a_deletion(status, seen):
    answers = [batch_answer((200, {"value": []})), batch_answer((status, {}))]

    async def own_user():
        return ""

    def read(operations):
        reader = DynamicsReader(
            operations,
            Metadata(operations),
            columns=lambda _: ("subject",),
            time_columns=lambda _: ("createdon",),
            own_user=own_user,
            now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        )
        return reader.read(ActivityType.TASK, [guid(1, kind="e")])

    found, _ = use(answers, read)

    assert {record_id: record.gone for record_id, record in found.items()} == seen
