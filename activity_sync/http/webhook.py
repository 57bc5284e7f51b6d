"""Posts a JSON document to an address that is a secret, such as a chat's incoming webhook."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

from activity_sync.errors import Unreachable

_ATTEMPTS = 3
_TIMEOUT_SECONDS = 10.0
_WAIT_SECONDS = 2.0


def post_json(
    url: str, document: dict[str, Any], *, name: str, setting: str, sleep: Callable[[float], None] = time.sleep
) -> None:
    """The document has been taken, by at most three attempts.

    Unreachable names the receiver and the variable with its address, never the address.
    """
    told = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(_WAIT_SECONDS * attempt)
        try:
            answer = httpx.post(url, json=document, timeout=_TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            told = type(error).__name__
            continue
        if answer.is_success:
            return
        told = f"HTTP {answer.status_code}"
        if answer.status_code < 500 and answer.status_code != 429:
            break
    raise Unreachable(f"the alert could not be delivered to {name} ({told}); check {setting}", setting=setting)
