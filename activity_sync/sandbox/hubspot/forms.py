"""Forms with files, `multipart/form-data` (RFC 7578), taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from activity_sync.sandbox.hubspot.errors import bad_request


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `file_name` is empty for a plain one."""

    content: bytes
    file_name: str = ""

    @property
    def text(self) -> str:
        """A plain field's value."""
        return self.content.decode()


def read_form(content_type: str, body: bytes) -> dict[str, Field]:
    """The fields by name; of several of one name the last. Refuses what is no form."""
    head = Message()
    head["content-type"] = content_type
    boundary = head.get_param("boundary")
    if head.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise bad_request("multipart/form-data was expected.")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise bad_request("The form has no end.")
    found: dict[str, Field] = {}
    for part in parts[1:-1]:
        lines, separator, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        told = Message()
        for line in lines.decode().split("\r\n"):
            name, _, value = line.partition(":")
            told[name.strip()] = value.strip()
        field = told.get_param("name", header="content-disposition")
        if not separator or not isinstance(field, str):
            raise bad_request("A part of the form has no name.")
        file_name = told.get_param("filename", header="content-disposition")
        found[field] = Field(content, file_name if isinstance(file_name, str) else "")
    return found
