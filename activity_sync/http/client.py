"""One account's API over HTTP: every request authenticated, counted, within limits, and repeated where that is safe.

An answer that judges the request (any 2xx, 304, most 4xx) is returned for the caller to interpret; what concerns the
credentials, the address or the server's condition is raised.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

import httpx

from activity_sync.http.auth import Auth
from activity_sync.http.connection import exchange, is_same_host, open_connection
from activity_sync.http.limits import Limits
from activity_sync.http.message import ApiRequest, ApiResponse, Refusal
from activity_sync.http.plans import WindowLimit
from activity_sync.http.read_answer import Meaning, read_clock_ahead, read_meaning, read_retry_after
from activity_sync.http.remedy import (
    explain_failure,
    explain_foreign_link,
    explain_redirect,
    explain_refused_credentials,
    explain_unreachable,
)
from activity_sync.http.retry import (
    AnswerLost,
    Failure,
    GiveUp,
    Later,
    NotSent,
    RetryPolicy,
    Wait,
    decide_retry,
    may_have_been_done,
    name_failure,
)
from activity_sync.rules.eta import least_seconds, share_used
from activity_sync.rules.traffic import Traffic, step_of

_log = logging.getLogger(__name__)

SIDE_LANE_PART = 4
"""A lane other than the default one takes at most this part of the places: one in four."""

Transport = httpx.AsyncBaseTransport
ReadRefusal = Callable[[int, Mapping[str, str], bytes], Refusal]


class ApiClient:
    """Sends requests to one API. Use as an async context manager, within one event loop.

    `timeout_seconds` is the longest silence of the server: both APIs may think for two minutes. `max_concurrency`
    requests are under way at a time, their waits included. `limits` are closed with the client. `sleep`, `clock`,
    `now` and `jitter` are for tests.
    """

    def __init__(
        self,
        *,
        system: str,
        base_url: str,
        auth: Auth,
        limits: Limits,
        read_refusal: ReadRefusal,
        max_concurrency: int,
        timeout_seconds: float = 130.0,
        transport: httpx.AsyncBaseTransport | None = None,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._system = system
        self._base_url = base_url.rstrip("/")
        self._auth = auth
        self._limits = limits
        self._read_refusal = read_refusal
        self._timeout_seconds = timeout_seconds
        self._transport = transport
        self._policy = policy or RetryPolicy()
        self._sleep, self._clock, self._now, self._jitter = sleep, clock, now, jitter
        self._under_way = asyncio.Semaphore(max_concurrency)
        # A slow lane (search, 5/s) that waits for its limit must not fill the places of all others.
        self._side_lanes = defaultdict[str, asyncio.Semaphore](
            lambda: asyncio.Semaphore(max(max_concurrency // SIDE_LANE_PART, 1))
        )
        self._connection: httpx.AsyncClient | None = None
        self._reached = False
        self._calls = Counter[str]()
        self._throttled = 0
        self._answers = Counter[int]()
        self._clock_ahead = timedelta()

    @property
    def clock_ahead(self) -> timedelta:
        """How far the server's clock is ahead of ours, by its last answer; zero before the first."""
        return self._clock_ahead

    @property
    def calls(self) -> int:
        """Attempts made so far, token requests excepted."""
        return self._calls.total()

    @property
    def traffic(self) -> Traffic:
        """The same in more detail."""
        return Traffic(Counter(self._calls), self._throttled, Counter(self._answers))

    def least_seconds(self, calls: Mapping[str, int]) -> float:
        """What so many calls, by lane, take at least within the limits that are in force."""
        return max(
            (
                least_seconds(number, requests=window.requests, seconds=window.seconds)
                for number, window in self._counted(calls)
            ),
            default=0.0,
        )

    def share_used(self, calls: Mapping[str, int], over: float) -> float | None:
        """How much of the narrowest limit in force so many calls were, made in `over` seconds; None without limits."""
        return max(
            (
                share_used(number, over, requests=window.requests, seconds=window.seconds)
                for number, window in self._counted(calls)
            ),
            default=None,
        )

    def _counted(self, calls: Mapping[str, int]) -> list[tuple[int, WindowLimit]]:
        """Each window in force with how many of these calls count in it."""
        windows: dict[str, WindowLimit] = {}
        counted = Counter[str]()
        for lane, number in calls.items():
            for name, window in self._limits.in_force(lane).items():
                windows[name] = window
                counted[name] += number
        return [(counted[name], window) for name, window in windows.items()]

    async def __aenter__(self) -> Self:
        self._connection = open_connection(
            self._base_url, timeout_seconds=self._timeout_seconds, transport=self._transport
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._connection is not None:
            await self._connection.aclose()
            self._connection = None
        await self._limits.close()

    async def send(self, request: ApiRequest) -> ApiResponse:
        """Send a request and return the answer that judges it.

        Raises AuthenticationFailed (401 after one renewed token, 403), RateLimited and ServerUnavailable after the
        last attempt (`maybe_applied` says whether the request may have been carried out), Unreachable when no
        attempt found the host, MalformedResponse for a redirect or a link to another host.
        """
        side_lane = nullcontext() if request.lane == "default" else self._side_lanes[request.lane]
        async with side_lane, self._under_way:
            return await self._repeat(request, authenticated=True)

    async def _post_form(self, url: str, form: Mapping[str, str]) -> ApiResponse:
        """The auth's own requests: not counted, outside the API's limits, always repeatable."""
        encoded = str(httpx.QueryParams(dict(form))).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        request = ApiRequest("POST", url, content=encoded, headers=headers, repeatable=True)
        return await self._repeat(request, authenticated=False)

    async def _repeat(self, request: ApiRequest, *, authenticated: bool) -> ApiResponse:
        url = self._locate(request, authenticated=authenticated)
        course = _Course(request, origin=_origin(url), authenticated=authenticated, started=self._clock())
        while True:
            token = await self._auth.token(self._post_form) if authenticated else None
            answer = await self._attempt(request, url, token=token)
            if isinstance(answer, NotSent | AnswerLost):
                await self._wait(course, answer, Refusal())
                continue
            course.connected = True
            self._reached = self._reached or authenticated
            refusal = Refusal()
            # The token host is not the system: it speaks OAuth's errors, which the auth reads.
            if answer.status_code >= 400 and authenticated:
                refusal = self._read_refusal(answer.status_code, answer.headers, answer.content)
            match read_meaning(answer.status_code):
                case Meaning.RETURN:
                    return _respond(answer, course)
                case Meaning.UNAUTHENTICATED | Meaning.FORBIDDEN if refusal.about_record or not authenticated:
                    return _respond(answer, course)
                case Meaning.UNAUTHENTICATED if not course.renewed and self._auth.discard(token or ""):
                    course.renewed = True
                case Meaning.UNAUTHENTICATED | Meaning.FORBIDDEN:
                    raise explain_refused_credentials(self._system, answer.status_code, refusal)
                case Meaning.REDIRECT:
                    raise explain_redirect(self._system, course.origin, answer.status_code)
                case Meaning.LATER | Meaning.UNCERTAIN:
                    await self._wait(course, self._describe_failure(answer, refusal), refusal)

    async def _wait(self, course: _Course, failure: Failure, refusal: Refusal) -> None:
        """Sleep until the next attempt is due, or raise the error that ends the attempts."""
        course.attempt += 1
        course.lost = course.lost or may_have_been_done(failure)
        course.connected = course.connected or isinstance(failure, AnswerLost)
        request = course.request
        decision = decide_retry(
            failure,
            attempt=course.attempt,
            elapsed_seconds=self._clock() - course.started,
            repeatable=request.repeatable,
            reached=self._reached,
            jitter=self._jitter(),
            policy=self._policy,
        )
        match decision:
            case GiveUp(why=why):
                if isinstance(failure, NotSent) and not course.connected:
                    raise explain_unreachable(
                        self._system, course.origin, failure.detail, is_token_host=not course.authenticated
                    )
                raise explain_failure(self._system, failure, refusal, why=why, maybe_applied=course.lost)
            case Wait(seconds=seconds):
                _log.info(
                    "system=%s event=retry method=%s lane=%s attempt=%d failure=%s wait_seconds=%.2f",
                    self._system,
                    request.method,
                    request.lane,
                    course.attempt,
                    name_failure(failure),
                    seconds,
                )
                if isinstance(failure, Later) and failure.status == 429 and course.authenticated:
                    await self._limits.hold(request.lane, seconds)
                await self._sleep(seconds)

    def _locate(self, request: ApiRequest, *, authenticated: bool) -> str:
        if "://" not in request.path.partition("?")[0]:
            return f"{self._base_url}/{request.path.removeprefix('/')}"
        if authenticated and not is_same_host(request.path, self._base_url):
            raise explain_foreign_link(self._system, _origin(self._base_url))
        return request.path

    async def _attempt(
        self, request: ApiRequest, url: str, *, token: str | None
    ) -> httpx.Response | NotSent | AnswerLost:
        if self._connection is None:
            raise RuntimeError("ApiClient is used outside its `async with`.")
        headers = {**request.headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        built = self._connection.build_request(
            request.method,
            url,
            json=request.json,
            content=request.content,
            params=request.params or None,
            headers=headers,
        )
        if token is None:
            return await exchange(self._connection, built, timeout_seconds=self._timeout_seconds)
        await self._limits.acquire(request.lane)
        try:
            self._calls[request.lane] += 1
            sent, began = self._now(), self._clock()
            answer = await exchange(self._connection, built, timeout_seconds=self._timeout_seconds)
        finally:
            await self._limits.release()
        if isinstance(answer, httpx.Response):
            self._answers[step_of(self._clock() - began)] += 1
            self._throttled += answer.status_code == 429
            await self._limits.learn(answer.headers)
            ahead = read_clock_ahead(answer.headers, sent=sent, received=self._now())
            self._clock_ahead = self._clock_ahead if ahead is None else ahead
        return answer

    def _describe_failure(self, answer: httpx.Response, refusal: Refusal) -> Later:
        stated = read_retry_after(answer.headers, self._now())
        return Later(
            answer.status_code,
            untouched=read_meaning(answer.status_code) is Meaning.LATER,
            wait_seconds=refusal.wait_seconds if stated is None else stated,
            exhausted=refusal.exhausted,
        )


@dataclass(slots=True)
class _Course:
    """How far one request has come. `lost`: some attempt may have been carried out unseen."""

    request: ApiRequest
    origin: str = field(kw_only=True)
    authenticated: bool = field(kw_only=True)
    started: float = field(kw_only=True)
    attempt: int = 0
    lost: bool = False
    connected: bool = False
    renewed: bool = False


def _respond(answer: httpx.Response, course: _Course) -> ApiResponse:
    return ApiResponse(answer.status_code, answer.headers, answer.content, earlier_answer_lost=course.lost)


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
