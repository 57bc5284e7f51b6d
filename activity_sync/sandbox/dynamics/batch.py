"""`$batch`: many calls in one request, in order; change sets all or nothing.

Source: learn.microsoft.com webapi/execute-batch-operations-using-web-api, and the issue threads named in the facts
(section 5.2).
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from activity_sync.sandbox.dynamics.calls import Answer, Call, refused
from activity_sync.sandbox.dynamics.errors import DataverseError, bad_query
from activity_sync.sandbox.dynamics.multipart import (
    InnerRequest,
    Part,
    answer_part,
    boundary_of,
    join_parts,
    nested_part,
    read_request,
    split_parts,
    unreadable,
)
from activity_sync.sandbox.dynamics.service import answer, perform

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

MAX_REQUESTS = 1000
_SERVICE = re.compile(r"^(?:https?://[^/]+)?/?api/data/v9\.\d+/")
_REFERENCE = re.compile(r"^/?\$(\w+)")
Kind = Callable[[str, str], str]


def answer_batch(store: "Store", call: Call, *, kind: Kind) -> Answer:
    """Runs a batch. `kind(method, path)` names an inner operation for the request log. Raises DataverseError.

    Without `continue-on-error` it stops at the first error and takes over that error's status; what went before stays
    applied.
    """
    boundary = boundary_of(call.headers.get("content-type", ""))
    if boundary is None:
        raise DataverseError(400, "0x80060888", "The content type of a batch request is 'multipart/mixed'.")
    parts = split_parts(call.body, boundary)
    sets = {index: split_parts(part.content, inner) for index, part in enumerate(parts) if (inner := _inner(part))}
    count = len(parts) - len(sets) + sum(len(each) for each in sets.values())
    if count > MAX_REQUESTS:
        raise bad_query(f"The number of requests in the batch exceeds the limit of {MAX_REQUESTS}.")
    out: list[bytes] = []
    status = 200
    for index, part in enumerate(parts):
        if index in sets:
            written, failed = _change_set(store, call, sets[index], kind)
        else:
            written, failed = _single(store, call, part, kind)
        out.append(written)
        if failed is not None and not call.prefer.continue_on_error:
            status = failed
            break
    ending = f"batchresponse_{store.new_id()}"
    return Answer(status, join_parts(out, ending), content_type=f"multipart/mixed; boundary={ending}")


def _inner(part: Part) -> str | None:
    return boundary_of(part.headers.get("content-type", ""))


def _single(store: "Store", outer: Call, part: Part, kind: Kind) -> tuple[bytes, int | None]:
    """A request outside change sets: the answer's part, and its status when it failed."""
    try:
        call = _call(outer, read_request(part), {}, store, kind)
        given = answer(store, call)
    except DataverseError as error:
        given = refused(error)
    content_id = part.headers.get("content-id")
    written = answer_part(given, content_id=content_id, request_id=store.new_id())
    return written, given.status if given.status >= 400 else None


def _change_set(store: "Store", outer: Call, parts: list[Part], kind: Kind) -> tuple[bytes, int | None]:
    """A change set: all answers nested, or only the failing operation's."""
    references: dict[str, str] = {}
    answers: list[bytes] = []
    content_id: str | None = None
    boundary = f"changesetresponse_{store.new_id()}"
    try:
        with store.transaction():
            for part in parts:
                request = read_request(part)
                content_id = part.headers.get("content-id") or request.headers.get("content-id")
                if content_id is None:
                    raise bad_query("Content-ID header not present")
                if request.method == "GET":
                    raise bad_query("GET requests are not allowed in a change set.")
                given = perform(store, _call(outer, request, references, store, kind))
                if "odata-entityid" in given.headers:
                    references[content_id] = given.headers["odata-entityid"]
                elif "location" in given.headers:
                    references[content_id] = given.headers["location"]
                answers.append(answer_part(given, content_id=content_id, request_id=store.new_id()))
    except DataverseError as error:
        failed = answer_part(refused(error), content_id=content_id, request_id=store.new_id())
        if store.controls.settings.dynamics_failed_change_set_plain:
            return failed, error.status
        return nested_part([failed], boundary), error.status
    return nested_part(answers, boundary), None


def _call(outer: Call, request: InnerRequest, references: Mapping[str, str], store: "Store", kind: Kind) -> Call:
    """The inner request as a call, with content ids replaced by what they stand for."""
    nested = request.target.lstrip("/").startswith("$batch")
    target = request.target if nested else _replaced(request.target, references)
    relative = _SERVICE.sub("", target)
    if "://" in relative:
        raise unreadable()
    split = urlsplit(f"http://service/{relative.lstrip('/')}")
    if split.path.lstrip("/").startswith("$batch"):
        raise bad_query("Nested batch requests are not supported.")
    body = request.body
    if body.strip() and b"$" in body:
        body = _body(body, references)
    store.controls.requests.operated(kind(request.method, f"/api/data/v9.2{split.path}"))
    return Call(
        method=request.method,
        path=split.path.lstrip("/"),
        query=split.query,
        headers=request.headers,
        body=body.strip(),
        root=outer.root,
    )


def _replaced(text: str, references: Mapping[str, str]) -> str:
    match = _REFERENCE.match(text)
    if match is None:
        return text
    if match.group(1) not in references:
        raise bad_query(f"Content-ID Reference: '${match.group(1)}' does not exist in the batch context.")
    return references[match.group(1)] + text[match.end() :]


def _body(body: bytes, references: Mapping[str, str]) -> bytes:
    """The JSON body with `$1` in binds and ids replaced. What is no JSON is left for the service to refuse."""
    try:
        given = json.loads(body)
    except ValueError:
        return body
    return json.dumps(_walked(given, references)).encode()


def _walked(value: Any, references: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {
                name: _replaced(each, references)
                if isinstance(each, str) and name.endswith(("@odata.bind", "@odata.id"))
                else _walked(each, references)
                for name, each in value.items()
            }
        case list():
            return [_walked(each, references) for each in value]
    return value
