"""Requests and answers as values."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from activity_sync.errors import MalformedResponse


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request.

    `path` is appended to the client's base address, or is an absolute URL on the same host (a next link); either way
    it is used as it stands. `lane` names which limits apply. `repeatable`: sending it twice does no harm, so a lost
    answer is a reason to send it again; False for a create without a key of its own.
    """

    method: str
    path: str
    json: Any = field(default=None, kw_only=True, repr=False)
    content: bytes | None = field(default=None, kw_only=True, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    params: Mapping[str, str | int] | None = field(default=None, kw_only=True, repr=False)
    lane: str = field(default="default", kw_only=True)
    repeatable: bool = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """One complete answer. The names of `headers` are case-insensitive; `body` is decompressed.

    `earlier_answer_lost`: this answers a repetition, and an earlier attempt may have been carried out: a conflict
    (409, 412) or a missing record (404) may be our own doing.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    earlier_answer_lost: bool = False

    def json(self) -> Any:
        """The body as JSON. MalformedResponse when it is none; its text is not quoted."""
        try:
            return read_json(self.body)
        except ValueError:
            kind = self.headers.get("content-type", "no content type")
            raise MalformedResponse(
                f"The API answered {self.status} with {len(self.body)} bytes that are not JSON ({kind}).",
                status=self.status,
            ) from None


def read_json(body: str | bytes) -> Any:
    """The value of a JSON text. ValueError when it is none; NaN and Infinity, which `json` reads, are none.

    A number that no float can hold stays the text it is: the record is refused for it, alone and by name.
    """
    return json.loads(body, parse_constant=_refuse, parse_float=_float)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _float(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an answer of status 400 or above says, as the system's `read_refusal` read it; empty where it is silent.

    `remedy`: a sentence on what to do, for people. `wait_seconds`: how long to wait where the body tells it (a
    `Retry-After` header wins). `exhausted`: waiting minutes will not help (a daily quota is spent).
    `about_record`: a 403 that judges one record, not our credentials, and is returned as other judgements are.
    """

    code: str = ""
    message: str = field(default="", repr=False)
    correlation_id: str = ""
    remedy: str = ""
    wait_seconds: float | None = None
    exhausted: bool = False
    about_record: bool = False
