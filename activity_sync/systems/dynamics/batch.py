"""`$batch`: multipart requests built, multipart answers taken apart. Pure.

Source: Microsoft Learn, "Execute batch operations using the Web API", read 2026-11. Observed beyond it: a failed change
set answers with a nested part that holds only the failing operation (PowerApps-Samples issue 473); OData itself would
allow a plain part, so both are read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from activity_sync.errors import MalformedResponse
from activity_sync.http.message import read_json

MOST_OPERATIONS = 1000
"""Requests that one batch may hold, those inside change sets counted."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request inside a batch. `path` is below the service root, percent-encoded, without a leading slash."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Writes that happen together or not at all, in this order. No reads."""

    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """The body of a batch and the `Content-Type` that goes with it."""

    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one operation. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON. MalformedResponse when it is none."""
        try:
            return read_json(self.body)
        except ValueError:
            raise MalformedResponse(
                f"An operation of a batch answered {self.status} with a body that is not JSON.",
                system="dynamics",
                status=self.status,
            ) from None


@dataclass(frozen=True, slots=True)
class ChangeSetAnswer:
    """The answers to a change set: one per operation, or only that of the operation which failed."""

    answers: tuple[Answer, ...]

    @property
    def failure(self) -> Answer | None:
        """The failing operation's answer; None when everything was done."""
        return next((answer for answer in self.answers if answer.status >= 400), None)


PartAnswer = Answer | ChangeSetAnswer


def build_batch(parts: Sequence[Operation | ChangeSet], *, root: str) -> BatchRequest:
    """The request for these parts. `root`: the path of the service, with slashes at both ends.

    The same parts give the same bytes. Content ids are unique in the whole batch.
    """
    rendered = [_render(part, root) for part in parts]
    digest = hashlib.blake2b(b"\0".join(b"\0".join(pieces) for pieces in rendered), digest_size=12).hexdigest()
    lines: list[bytes] = []
    content_id = 0
    for number, (part, pieces) in enumerate(zip(parts, rendered, strict=True)):
        lines.append(f"--batch_{digest}\r\n".encode())
        if isinstance(part, Operation):
            lines += [_mime_head(), pieces[0]]
            continue
        inner = f"changeset_{digest}_{number}"
        lines.append(f"Content-Type: multipart/mixed; boundary={inner}\r\n\r\n".encode())
        for piece in pieces:
            content_id += 1
            lines += [f"--{inner}\r\n".encode(), _mime_head(content_id), piece]
        lines.append(f"--{inner}--\r\n".encode())
    lines.append(f"--batch_{digest}--\r\n".encode())
    return BatchRequest(b"".join(lines), f"multipart/mixed; boundary=batch_{digest}")


def parse_batch(content_type: str, content: bytes) -> tuple[PartAnswer, ...]:
    """The answers of the parts, in order; fewer than were sent when the server stopped early.

    MalformedResponse when this is no complete multipart body.
    """
    return tuple(_parse_part(part) for part in _split(content_type, content))


def _render(part: Operation | ChangeSet, root: str) -> list[bytes]:
    operations = (part,) if isinstance(part, Operation) else part.operations
    return [_render_operation(operation, root) for operation in operations]


def _render_operation(operation: Operation, root: str) -> bytes:
    # ASCII only, so that characters and bytes count alike. A wrong Content-Length is answered as
    # 0x80048d19 "Stream was not readable", and so are bare line feeds.
    body = b"" if operation.body is None else json.dumps(operation.body, separators=(",", ":")).encode("ascii")
    headers = {"Accept": "application/json", **operation.headers}
    if operation.method == "GET":
        headers["If-None-Match"] = "null"  # else expanded collections may come from a cache
    if operation.body is not None:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    head = [f"{operation.method} {root}{operation.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(head).encode("ascii") + b"\r\n\r\n" + body + b"\r\n"


def _mime_head(content_id: int | None = None) -> bytes:
    named = "" if content_id is None else f"Content-ID: {content_id}\r\n"
    return f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{named}\r\n".encode()


def _split(content_type: str, content: bytes) -> list[bytes]:
    """The parts between the boundaries. The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1)."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_boundary()
    if not boundary:
        raise _malformed("is not multipart")
    pieces = (b"\r\n" + content).split(b"\r\n--" + boundary.encode("utf-8", "replace"))
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise _malformed("breaks off before its closing boundary")
    # What follows a boundary on its line is padding.
    return [piece.partition(b"\r\n")[2] for piece in pieces[1:-1]]


def _parse_part(part: bytes) -> PartAnswer:
    headers, body = _parse_head(part)
    content_type = headers.get("content-type", "")
    if content_type.lower().startswith("multipart/mixed"):
        inner = [_parse_part(piece) for piece in _split(content_type, body)]
        return ChangeSetAnswer(tuple(answer for answer in inner if isinstance(answer, Answer)))
    status_line, _, rest = body.partition(b"\r\n")
    words = status_line.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise _malformed("holds a part that is no HTTP answer")
    inner_headers, inner_body = _parse_head(rest)
    return Answer(int(words[1]), inner_headers, inner_body)


def _parse_head(text: bytes) -> tuple[dict[str, str], bytes]:
    """Header lines up to the first empty line, and what follows it. There may be no header at all."""
    head, _, body = (b"\r\n" + text).partition(b"\r\n\r\n")
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers, body


def _malformed(what: str) -> MalformedResponse:
    return MalformedResponse(f"The answer to a batch {what}.", system="dynamics")
