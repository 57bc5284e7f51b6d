"""Fetching a file by an address that needs no credentials, and must never get them: another host's, as a rule.

The addresses are the API's own words. They let in whoever has them, so that they stand in no log and no error.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import IO, Final
from urllib.parse import urlsplit

import httpx

from activity_sync.http.connection import open_connection
from activity_sync.http.loopback import is_loopback

_SILENCE_SECONDS: Final = 60.0
_LONGEST_SECONDS: Final = 600.0
"""However slowly it trickles in."""
_REDIRECTS: Final = 3


class Download(Enum):
    """What became of one: `TOO_LARGE` was stopped as soon as it showed, `LATER` may work another time."""

    DONE = "done"
    TOO_LARGE = "too large"
    GONE = "gone"
    REFUSED = "refused"
    LATER = "later"


async def download(
    url: str, into: IO[bytes], *, at_most: int, transport: httpx.AsyncBaseTransport | None = None
) -> Download:
    """The file at this address is in `into`, if the result is `DONE`; never more of it than `at_most` bytes.

    It is written as it comes: memory does not grow with it. Encrypted connections only, but for this machine's own
    services. Redirects are followed. `transport` is for tests.
    """
    for _ in range(_REDIRECTS + 1):
        if not _is_safe(url):
            return Download.REFUSED
        try:
            async with (
                asyncio.timeout(_LONGEST_SECONDS),
                open_connection(url, timeout_seconds=_SILENCE_SECONDS, transport=transport) as connection,
                connection.stream("GET", url) as answer,
            ):
                if answer.next_request is None:
                    return await _receive(answer, into, at_most=at_most)
                url = str(answer.next_request.url)
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL):
            return Download.REFUSED
        except (httpx.TransportError, httpx.DecodingError, TimeoutError):
            return Download.LATER
    return Download.REFUSED


async def _receive(answer: httpx.Response, into: IO[bytes], *, at_most: int) -> Download:
    if answer.status_code in {404, 410}:
        return Download.GONE
    if answer.status_code in {408, 429} or answer.status_code >= 500:
        return Download.LATER
    if answer.status_code != 200:
        return Download.REFUSED
    received = 0
    async for chunk in answer.aiter_bytes():
        received += len(chunk)
        if received > at_most:
            return Download.TOO_LARGE
        into.write(chunk)
    return Download.DONE


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
