"""`multipart/mixed` as `$batch` uses it: strict about line ends on the way in, exact on the way out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from activity_sync.sandbox.dynamics.calls import Answer
from activity_sync.sandbox.dynamics.errors import DataverseError, bad_payload

_REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    304: "Not Modified",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    412: "Precondition Failed",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One part: its headers in lower case, and its content."""

    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class InnerRequest:
    """The HTTP request inside a part."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def unreadable() -> DataverseError:
    """The platform's word for a batch body it cannot parse, bare line feeds among the causes."""
    return bad_payload("", "Microsoft.OData.ODataException: Stream was not readable.")


def boundary_of(content_type: str) -> str | None:
    """The boundary of a multipart content type, or None."""
    match = _BOUNDARY.search(content_type)
    return match.group(1) if match and content_type.lower().startswith("multipart/mixed") else None


def split_parts(body: bytes, boundary: str) -> list[Part]:
    """The parts between the delimiters. Raises DataverseError for a missing end or line feeds without returns."""
    delimiter = f"--{boundary}".encode()
    lines = b"\r\n" + body
    sections = re.split(rb"\r\n" + re.escape(delimiter) + rb"(?=\r\n|--|[ \t]*$)", lines)
    if len(sections) < 2 or not sections[-1].startswith(b"--"):
        raise unreadable()
    return [_part(section.removeprefix(b"\r\n")) for section in sections[1:-1]]


def read_request(part: Part) -> InnerRequest:
    """The request in an `application/http` part. Raises DataverseError."""
    if part.headers.get("content-type", "").split(";")[0].strip().lower() != "application/http":
        raise unreadable()
    line, _, rest = part.content.partition(b"\r\n")
    words = line.decode("utf-8", "replace").split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise unreadable()
    inner = _part(rest)
    body = inner.content
    length = inner.headers.get("content-length")
    if length is not None and (not length.isdigit() or int(length) > len(body)):
        raise unreadable()
    if length is not None:
        body = body[: int(length)]
    return InnerRequest(words[0].upper(), words[1], inner.headers, body)


def join_parts(parts: Sequence[bytes], boundary: str) -> bytes:
    """A multipart body of finished parts."""
    delimited = [f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts]
    return b"".join(delimited) + f"--{boundary}--\r\n".encode()


def answer_part(answer: Answer, *, content_id: str | None, request_id: str) -> bytes:
    """The part that carries one answer."""
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        head.append(f"Content-ID: {content_id}")
    body = answer.encoded()
    inner = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Error')}"]
    if body:
        inner.append(f"Content-Type: {answer.content_type}")
    if answer.status >= 400:
        inner.append(f"REQ_ID: {request_id}")
    inner.append("OData-Version: 4.0")
    names = {"location": "Location", "odata-entityid": "OData-EntityId", "etag": "ETag"}
    inner += [f"{names.get(name, name.title())}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*head, "", *inner, "", ""]).encode() + body + b"\r\n"


def nested_part(parts: Sequence[bytes], boundary: str) -> bytes:
    """The part that carries a change set's answers."""
    return f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode() + join_parts(parts, boundary)


def _part(section: bytes) -> Part:
    """Headers up to the empty line, then content; a section that begins with an empty line has no headers."""
    if section.startswith(b"\r\n"):
        return Part({}, section[2:])
    head, found, content = section.partition(b"\r\n\r\n")
    if not found:
        head, content = section.removesuffix(b"\r\n"), b""
    if re.search(rb"(?<!\r)\n", head):
        raise unreadable()
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            raise unreadable()
        headers[name.strip().lower()] = value.strip()
    return Part(headers, content)
