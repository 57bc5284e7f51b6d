"""`$batch` as bytes: what is sent, and every form of answer that the documents and recordings show."""

import json

import pytest

from activity_sync.errors import MalformedResponse
from activity_sync.systems.dynamics.batch import (
    Answer,
    ChangeSet,
    ChangeSetAnswer,
    Operation,
    build_batch,
    parse_batch,
)

ROOT = "/api/data/v9.2/"


def lines_of(parts):
    return build_batch(parts, root=ROOT).content.split(b"\r\n")


def test_request_has_crlf_only_and_names_its_boundary():
    request = build_batch([Operation("GET", "tasks?$top=1")], root=ROOT)

    assert b"\n" not in request.content.replace(b"\r\n", b"")
    boundary = request.content_type.partition("boundary=")[2].encode()
    assert request.content.startswith(b"--" + boundary + b"\r\n")
    assert request.content.endswith(b"--" + boundary + b"--\r\n")
    assert b"GET /api/data/v9.2/tasks?$top=1 HTTP/1.1\r\n" in request.content


def test_same_parts_give_same_bytes_and_other_parts_another_boundary():
    one = build_batch([Operation("GET", "tasks")], root=ROOT)
    same = build_batch([Operation("GET", "tasks")], root=ROOT)
    other = build_batch([Operation("GET", "emails")], root=ROOT)

    assert one == same
    assert one.content_type != other.content_type


def test_change_set_operations_have_unique_content_ids_across_the_batch():
    sets = [ChangeSet((Operation("POST", "tasks", body={"a": 1}), Operation("PATCH", "tasks(x)", body={"b": 2})))] * 2

    lines = lines_of(sets)

    assert [line for line in lines if line.startswith(b"Content-ID")] == [b"Content-ID: %d" % n for n in (1, 2, 3, 4)]


def test_content_length_counts_the_bytes_of_a_body_beyond_ascii():
    body = {"subject": "Grüße 🎉"}

    content = build_batch([Operation("POST", "tasks", body=body)], root=ROOT).content

    head, _, rest = content.partition(b"\r\n\r\n")[2].partition(b"\r\n\r\n")
    stated = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
    assert json.loads(rest[:stated]) == body


def answer_bytes(*parts: bytes, boundary: bytes = b"batchresponse_1") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def http_part(status: bytes, body: bytes = b"", *, content_id: bytes = b"", headers: bytes = b"") -> bytes:
    named = b"Content-ID: " + content_id + b"\r\n" if content_id else b""
    return (
        b"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        + named
        + b"\r\nHTTP/1.1 "
        + status
        + b"\r\n"
        + headers
        + b"\r\n"
        + body
    )


def change_set_part(*parts: bytes) -> bytes:
    inner = answer_bytes(*parts, boundary=b"changesetresponse_2")
    return b"Content-Type: multipart/mixed; boundary=changesetresponse_2\r\n\r\n" + inner


def test_plain_answer_is_read_with_status_headers_and_body():
    content = answer_bytes(http_part(b"200 OK", b'{"value": []}', headers=b"OData-Version: 4.0\r\nX-Y: a: b\r\n"))

    (answer,) = parse_batch("multipart/mixed; boundary=batchresponse_1", content)

    assert isinstance(answer, Answer)
    assert (answer.status, answer.json()) == (200, {"value": []})
    assert answer.headers == {"odata-version": "4.0", "x-y": "a: b"}


def test_body_with_line_ends_of_any_kind_arrives_untouched():
    body = json.dumps({"notetext": "a\r\n\r\nb\n--c"}, indent=1).encode() + b"\r\n\r\ntail"
    content = answer_bytes(http_part(b"200 OK", body), http_part(b"204 No Content"))

    first, second = parse_batch('multipart/mixed; boundary="batchresponse_1"', content)

    assert first.body == body
    assert (second.status, second.body) == (204, b"")


def test_done_change_set_has_an_answer_per_operation():
    content = answer_bytes(
        change_set_part(http_part(b"204 No Content", content_id=b"1"), http_part(b"204 No Content", content_id=b"2"))
    )

    (answer,) = parse_batch("multipart/mixed; boundary=batchresponse_1", content)

    assert isinstance(answer, ChangeSetAnswer)
    assert [one.status for one in answer.answers] == [204, 204]
    assert answer.failure is None


def test_failed_change_set_is_read_nested_or_plain():
    refusal = http_part(b"400 Bad Request", b'{"error":{"code":"0x1","message":"no"}}', content_id=b"2")
    content = answer_bytes(change_set_part(refusal), refusal)

    nested, plain = parse_batch("multipart/mixed; boundary=batchresponse_1", content)

    assert isinstance(nested, ChangeSetAnswer)
    assert nested.failure is not None
    assert nested.failure.status == 400
    assert isinstance(plain, Answer)
    assert plain.json()["error"]["message"] == "no"


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/json", b"{}"),
        ("multipart/mixed; boundary=batchresponse_1", b""),
        ("multipart/mixed; boundary=batchresponse_1", answer_bytes(http_part(b"200 OK"))[:-6]),
        ("multipart/mixed; boundary=batchresponse_1", answer_bytes(b"Content-Type: text/plain\r\n\r\nhello")),
    ],
)
def test_anything_but_a_complete_batch_answer_is_malformed(content_type, content):
    with pytest.raises(MalformedResponse):
        parse_batch(content_type, content)
