"""One call to the Web API and its answer, free of HTTP machinery: what `$batch` and the server share."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from activity_sync.sandbox.dynamics.errors import DataverseError, bad_payload
from activity_sync.sandbox.dynamics.preferences import Preferences, parse_preferences


@dataclass(frozen=True)
class Call:
    """A request. `path` is relative to the service root and still percent-encoded, headers are in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    root: str = ""

    @property
    def prefer(self) -> Preferences:
        """The parsed `Prefer` header."""
        return parse_preferences(self.headers.get("prefer", ""))

    def json(self) -> Any:
        """The body as JSON. Raises DataverseError 400, 415."""
        if self.headers.get("content-type", "application/json").split(";")[0].strip() != "application/json":
            raise DataverseError(415, "0x80060888", "The content type of the body is not supported.")
        try:
            return json.loads(self.body)
        except (ValueError, UnicodeDecodeError) as broken:
            raise bad_payload("", f"Microsoft.OData.ODataException: Invalid JSON. {broken}") from broken

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises DataverseError 400, 415."""
        given = self.json()
        if not isinstance(given, dict):
            raise bad_payload("", "Microsoft.OData.ODataException: An object was expected.")
        return given


@dataclass(frozen=True)
class Answer:
    """An answer. `body` is JSON-ready (None: no content), or text for `$count`, `$metadata` and batches."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; odata.metadata=minimal"

    def encoded(self) -> bytes:
        """The body's bytes."""
        match self.body:
            case None:
                return b""
            case bytes():
                return self.body
            case str():
                return self.body.encode()
        return json.dumps(self.body, separators=(",", ":")).encode("ascii")


def refused(error: DataverseError) -> Answer:
    """The answer for an error."""
    return Answer(error.status, error.body(), error.headers)
