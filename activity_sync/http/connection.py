"""The httpx client underneath: how it is set up, and what its exceptions mean for a request."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from activity_sync.errors import MalformedResponse
from activity_sync.http.loopback import is_loopback
from activity_sync.http.retry import AnswerLost, NotSent

CONNECT_SECONDS = 10.0
WHOLE_ANSWER_FACTOR = 4
"""An answer that trickles in may take this many times the wait for its first byte."""

# At INFO, httpx logs every URL; a filter in a query can hold an address of a person.
logging.getLogger("httpx").setLevel(logging.WARNING)


def open_connection(
    base_url: str, *, timeout_seconds: float, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    """A client that keeps no cookies, follows no redirect, and honours `SSL_CERT_FILE` and the proxy variables.

    No cookies: Dataverse's affinity cookie would pin all calls to one server ("Send parallel requests", read 2026-11).
    """
    host = urlsplit(base_url).hostname or ""
    # A proxy cannot know this machine's own services.
    mounts = {f"all://{f'[{host}]' if ':' in host else host}": None} if is_loopback(host) else {}
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS, pool=None),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=4.0),
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        mounts=mounts if transport is None else None,
        transport=transport,
        verify=_trusted_authorities(*_which_authorities()),
    )


def _which_authorities() -> tuple[str | int | None, ...]:
    """What tells apart the authorities that httpx trusts: the variables it reads them by, and the state of the file."""
    file = os.environ.get("SSL_CERT_FILE")
    state = Path(file).stat() if file and Path(file).exists() else None
    return file, os.environ.get("SSL_CERT_DIR"), *((state.st_mtime_ns, state.st_size) if state else ())


@lru_cache(maxsize=1)
def _trusted_authorities(*_which: str | int | None) -> ssl.SSLContext:
    """What httpx trusts by itself, read once: a hundred certificates take 50 ms every time."""
    return httpx.create_ssl_context()


async def exchange(
    connection: httpx.AsyncClient, request: httpx.Request, *, timeout_seconds: float
) -> httpx.Response | NotSent | AnswerLost:
    """Send one request once and read the whole answer, or tell what is known of its fate.

    An answer that breaks off (fewer bytes than announced, a broken compression) is a lost one.
    """
    try:
        async with asyncio.timeout(timeout_seconds * WHOLE_ANSWER_FACTOR):
            return await connection.send(request)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        return NotSent(_describe(error))
    except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL):
        # Its text would quote the request, headers included.
        raise MalformedResponse("A request cannot be put on the wire: its address or a header is illegal.") from None
    except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
        return AnswerLost(_describe(error))


def is_same_host(first: str, second: str) -> bool:
    """Whether two absolute URLs lead to the same scheme, host and port; the names of loopback are one host."""
    one, two = urlsplit(first), urlsplit(second)
    hosts = {one.hostname, two.hostname}
    alike = len(hosts) == 1 or all(is_loopback(host or "") for host in hosts)
    return alike and one.scheme == two.scheme and _port(first) == _port(second)


def _port(url: str) -> int | None:
    parts = urlsplit(url)
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _describe(error: BaseException) -> str:
    """The innermost cause: httpx wraps what the operating system said. Never holds a header."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate verify failed: {cause.verify_message}"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(error) or type(error).__name__
