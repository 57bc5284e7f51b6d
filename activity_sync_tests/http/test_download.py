"""Files fetched by address: written as they come, stopped at the limit, and never with credentials."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import httpx
import pytest

from activity_sync.http.download import Download, download

URL = "https://files.example/one?signature=secret"


def fetch(*answers: httpx.Response | Exception, url: str = URL, at_most: int = 1000):
    """What became of it, what was received, and the requests."""
    seen: list[httpx.Request] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    into = io.BytesIO()
    found = asyncio.run(download(url, into, at_most=at_most, transport=httpx.MockTransport(answer)))
    return found, into.getvalue(), seen


def test_a_file_comes_whole_and_nobody_is_told_who_asks() -> None:
    found, content, (request,) = fetch(httpx.Response(200, content=b"a" * 1000))

    assert (found, content) == (Download.DONE, b"a" * 1000)
    assert "authorization" not in request.headers
    assert "cookie" not in request.headers


def test_no_more_than_the_limit_is_received_whatever_the_server_says_of_its_size() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 100
            yield b"a" * 100

    found, content, _ = fetch(httpx.Response(200, content=endless()))

    assert found is Download.TOO_LARGE
    assert len(content) <= 1000
    assert sent == 1100


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        (404, Download.GONE),
        (410, Download.GONE),
        (403, Download.REFUSED),
        (400, Download.REFUSED),
        (429, Download.LATER),
        (500, Download.LATER),
        (503, Download.LATER),
    ],
)
def test_what_other_answers_mean(status: int, becomes: Download) -> None:
    assert fetch(httpx.Response(status, content=b"no"))[:2] == (becomes, b"")


def test_a_connection_that_breaks_is_for_later() -> None:
    assert fetch(httpx.ConnectError("no"))[0] is Download.LATER


def test_redirects_are_followed_but_not_for_ever_and_not_into_the_open() -> None:
    there = httpx.Response(302, headers={"location": "https://elsewhere.example/two"})

    found, content, seen = fetch(there, httpx.Response(200, content=b"a"))
    assert (found, content, str(seen[-1].url)) == (Download.DONE, b"a", "https://elsewhere.example/two")

    assert fetch(*[there] * 4)[0] is Download.REFUSED
    assert fetch(httpx.Response(302, headers={"location": "http://elsewhere.example/"}))[0] is Download.REFUSED
    assert fetch(url="http://files.example/one")[0] is Download.REFUSED
    assert fetch(url="")[0] is Download.REFUSED
