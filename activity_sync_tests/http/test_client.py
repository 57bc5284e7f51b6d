"""The client against real servers: what is returned, what is repeated, what is raised."""

from __future__ import annotations

import asyncio
import gzip
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from activity_sync.errors import (
    AuthenticationFailed,
    MalformedResponse,
    RateLimited,
    ServerUnavailable,
    Unreachable,
)
from activity_sync.http.message import ApiRequest, ApiResponse

READ = ApiRequest("GET", "/records", repeatable=True)
CREATE = ApiRequest("POST", "/records", json={"subject": "Hello"}, repeatable=False)
OK = JSONResponse({"ok": True})


def send(client, request=READ):
    async def run() -> ApiResponse:
        async with client:
            return await client.send(request)

    return asyncio.run(run())


def answer(status, **headers):
    return Response(status_code=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_answer_comes_back_with_case_insensitive_headers(served, make_client):
    served.answer(JSONResponse({"id": "1"}, 201, {"OData-EntityId": "x"}))

    response = send(make_client(served.base_url), CREATE)

    assert (response.status, response.json(), response.headers["odata-entityid"]) == (201, {"id": "1"}, "x")
    assert served.seen[0].body == b'{"subject":"Hello"}'
    assert served.seen[0].headers["authorization"] == "Bearer token-1"


def test_path_reaches_the_server_as_it_stands(served, make_client):
    served.answer(OK)
    path = "/api/tasks(1)?$filter=subject%20eq%20'a%2Bb'&$skiptoken=%3Ccookie%20page%3D%222%22%3E"

    send(make_client(served.base_url), ApiRequest("GET", path, repeatable=True))
    send(make_client(served.base_url), ApiRequest("GET", served.base_url + path, repeatable=True))

    assert [seen.target for seen in served.seen] == [path, path]


def test_link_to_another_host_is_not_followed(served, make_client):
    served.answer(OK)
    client = make_client(served.base_url)

    with pytest.raises(MalformedResponse, match="another host"):
        send(client, ApiRequest("GET", "https://elsewhere.example/records", repeatable=True))

    assert served.seen == []


@pytest.mark.parametrize("status", [204, 207, 304, 400, 404, 405, 409, 412, 413, 414, 501])
def test_judgement_on_the_request_is_returned(served, make_client, status):
    served.answer(answer(status))
    client = make_client(served.base_url)

    assert send(client).status == status
    assert client.calls == 1


@pytest.mark.parametrize("status", [423, 429, 477, 521, 523])
def test_refusal_before_the_work_is_repeated_even_for_a_create(served, make_client, status):
    served.answer(answer(status), answer(status), OK)
    client = make_client(served.base_url)

    response = send(client, CREATE)

    assert response.status == 200
    assert not response.earlier_answer_lost
    assert client.calls == 3


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 522, 524])
def test_failure_during_the_work_is_repeated_for_a_repeatable_request_only(served, make_client, status):
    served.answer(answer(status), OK)
    assert send(make_client(served.base_url)).earlier_answer_lost

    served.answer(answer(status), OK)
    client = make_client(served.base_url)
    with pytest.raises(ServerUnavailable) as caught:
        send(client, CREATE)

    assert caught.value.maybe_applied
    assert caught.value.status == status
    assert client.calls == 1


def test_create_refused_before_the_work_until_the_end_was_not_applied(served, make_client):
    served.answer(answer(521))

    with pytest.raises(ServerUnavailable) as caught:
        send(make_client(served.base_url), CREATE)

    assert not caught.value.maybe_applied


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": "1"}',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"id"\r\n',
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    ],
    ids=["closed", "headers cut", "body cut", "chunks cut", "compression broken"],
)
def test_lost_answer_is_repeated_for_a_repeatable_request_only(breaking, make_client, broken):
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

    breaking.answers = [broken, good]
    response = send(make_client(breaking.base_url))
    breaking.answers = [broken, good]
    breaking.requests.clear()
    with pytest.raises(ServerUnavailable) as caught:
        send(make_client(breaking.base_url), CREATE)

    assert response.status == 200
    assert response.earlier_answer_lost
    assert caught.value.maybe_applied
    assert len(breaking.requests) == 1


def test_compressed_answer_is_read(served, make_client):
    body = gzip.compress(b'{"big": "answer"}')
    served.answer(Response(body, headers={"content-encoding": "gzip", "content-type": "application/json"}))

    assert send(make_client(served.base_url)).json() == {"big": "answer"}


def test_silent_server_loses_the_answer(make_client):
    async def silence(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("")

    client = make_client("https://api.test", transport=httpx.MockTransport(silence))

    with pytest.raises(ServerUnavailable, match="ReadTimeout") as caught:
        send(client, CREATE)

    assert caught.value.maybe_applied


def test_answer_that_trickles_for_ever_is_lost(make_client):
    async def trickle(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    client = make_client("https://api.test", transport=httpx.MockTransport(trickle), timeout_seconds=0.01)

    with pytest.raises(ServerUnavailable) as caught:
        send(client, CREATE)

    assert caught.value.maybe_applied


def test_nobody_listening_is_unreachable_soon(free_address, make_client, waits):
    client = make_client(free_address)

    with pytest.raises(Unreachable) as caught:
        send(client, CREATE)

    assert caught.value.setting == "HUBSPOT_BASE_URL"
    assert "HUBSPOT_BASE_URL" in str(caught.value)
    assert client.calls == 4
    assert sum(waits.seconds) < 5


def test_server_that_was_there_before_is_given_more_time(make_client):
    answers = iter([httpx.Response(200)])

    def respond(_request: httpx.Request) -> httpx.Response:
        try:
            return next(answers)
        except StopIteration:
            raise httpx.ConnectError("refused") from None

    client = make_client("https://api.test", transport=httpx.MockTransport(respond))

    async def run() -> None:
        async with client:
            await client.send(READ)
            await client.send(CREATE)

    with pytest.raises(Unreachable):
        asyncio.run(run())

    assert client.calls == 1 + 7


def test_retry_after_in_seconds_wins(served, make_client, waits):
    served.answer(answer(429, retry_after="7"), OK)

    send(make_client(served.base_url))

    assert waits.seconds == [pytest.approx(7.25)]


def test_retry_after_as_a_date_wins(served, make_client, waits):
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    stated = format_datetime(now + timedelta(seconds=30), usegmt=True)
    served.answer(answer(503, retry_after=stated), OK)

    send(make_client(served.base_url, now=lambda: now))

    assert waits.seconds == [pytest.approx(30.25)]


def test_wait_that_the_body_names_is_kept(served, make_client, waits):
    served.answer(JSONResponse({"wait_seconds": 10.0}, 429), OK)

    send(make_client(served.base_url))

    assert waits.seconds == [pytest.approx(10.25)]


def test_wait_of_hours_is_not_begun(served, make_client, waits):
    served.answer(answer(477, retry_after="86400"))
    client = make_client(served.base_url)

    with pytest.raises(RateLimited) as caught:
        send(client)

    assert caught.value.wait_seconds == 86400
    assert (client.calls, waits.seconds) == (1, [])


def test_spent_daily_quota_is_not_waited_for(served, make_client, waits):
    served.answer(JSONResponse({"exhausted": True, "code": "DAILY", "correlation_id": "c-1"}, 429))

    with pytest.raises(RateLimited) as caught:
        send(make_client(served.base_url))

    assert (caught.value.code, caught.value.correlation_id, waits.seconds) == ("DAILY", "c-1", [])


def test_attempts_end(served, make_client, waits):
    served.answer(answer(429))
    client = make_client(served.base_url)

    with pytest.raises(RateLimited):
        send(client)

    assert client.calls == 7
    assert waits.seconds == sorted(waits.seconds)


def test_refused_token_is_an_authentication_failure_at_once(served, make_client):
    served.answer(JSONResponse({"code": "INVALID_AUTHENTICATION", "correlation_id": "c-2"}, 401))
    client = make_client(served.base_url)

    with pytest.raises(AuthenticationFailed) as caught:
        send(client)

    failed = caught.value
    assert (failed.status, failed.code, failed.correlation_id) == (401, "INVALID_AUTHENTICATION", "c-2")
    assert failed.setting == "HUBSPOT_ACCESS_TOKEN"
    assert client.calls == 1


def test_missing_right_carries_the_remedy_and_no_text_of_the_api(served, make_client):
    refusal = {"code": "MISSING_SCOPES", "message": "for jane@example.com", "remedy": "grant crm.objects.contacts.read"}
    served.answer(JSONResponse(refusal, 403))

    with pytest.raises(AuthenticationFailed) as caught:
        send(make_client(served.base_url))

    assert "grant crm.objects.contacts.read" in str(caught.value)
    assert "jane" not in str(caught.value)


def test_forbidden_record_is_returned(served, make_client):
    served.answer(JSONResponse({"about_record": True}, 403))

    assert send(make_client(served.base_url)).status == 403


def test_redirect_is_not_followed(served, make_client):
    served.answer(answer(302, location="https://elsewhere.example/"))

    with pytest.raises(MalformedResponse, match="HUBSPOT_BASE_URL"):
        send(make_client(served.base_url))


@pytest.mark.parametrize("body", ["<html>jane@example.com", '{"jane": NaN}', '["jane", -Infinity]'])
def test_answer_that_is_no_json_is_malformed(served, make_client, body):
    served.answer(Response(body, media_type="text/html"))
    response = send(make_client(served.base_url))

    with pytest.raises(MalformedResponse) as caught:
        response.json()

    assert "jane" not in str(caught.value)


def test_number_that_no_float_can_hold_stays_the_text_it_is(served, make_client):
    served.answer(Response('{"duration": 1e999, "least": -1e999, "probability": 1.5}', media_type="application/json"))

    read = send(make_client(served.base_url)).json()

    assert read == {"duration": "1e999", "least": "-1e999", "probability": 1.5}


def test_cookies_are_not_kept(served, make_client):
    served.answer(answer(200, set_cookie="ARRAffinity=server-7; Path=/"), OK)
    client = make_client(served.base_url)

    async def run() -> None:
        async with client:
            await client.send(READ)
            await client.send(READ)

    asyncio.run(run())

    assert "cookie" not in served.seen[1].headers


def test_proxy_variables_do_not_apply_to_loopback(served, make_client, monkeypatch, free_address):
    monkeypatch.setenv("HTTP_PROXY", free_address)
    served.answer(OK)

    assert send(make_client(served.base_url)).status == 200


def test_no_more_than_max_concurrency_are_under_way(make_client):
    under_way, most = 0, 0

    async def respond(_request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200)

    client = make_client("https://api.test", transport=httpx.MockTransport(respond), max_concurrency=3)

    async def run() -> None:
        async with client:
            await asyncio.gather(*(client.send(READ) for _ in range(20)))

    asyncio.run(run())

    assert most == 3
    assert client.calls == 20


def test_slow_lane_leaves_places_to_the_default_one(make_client):
    searching = asyncio.Event()

    async def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/search":
            await searching.wait()
        return httpx.Response(200)

    client = make_client("https://api.test", transport=httpx.MockTransport(respond), max_concurrency=8)
    search = ApiRequest("POST", "/search", lane="search", repeatable=True)

    async def run() -> None:
        async with client:
            searches = [asyncio.create_task(client.send(search)) for _ in range(20)]
            await asyncio.wait_for(asyncio.gather(*(client.send(READ) for _ in range(20))), 10)
            assert client.calls == 20 + 2
            searching.set()
            await asyncio.gather(*searches)

    asyncio.run(run())

    assert client.calls == 40


def test_logs_carry_neither_token_nor_address(served, make_client, caplog):
    served.answer(answer(503), OK)
    with caplog.at_level(logging.INFO):
        send(make_client(served.base_url), ApiRequest("GET", "/r?email=jane@example.com", repeatable=True))

    assert "event=retry" in caplog.text
    assert "jane" not in caplog.text
    assert "token-1" not in caplog.text
