"""Secrets of the environment: in a variable, or in a file that another variable names. None is ever shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from activity_sync.errors import ConfigurationError


def read_secret(stated: Mapping[str, str], name: str, file_name: str, *, system: str | None = None) -> str:
    """The secret of the variable `name`, or the content of the file that `file_name` names, without outer blanks.

    Empty where neither is set. ConfigurationError, naming the variable and never the secret, where both are, where the
    file cannot be read or is empty, and for characters that no credential has.
    """
    path = stated.get(file_name)
    if path is None:
        return _checked(stated.get(name, ""), name, system)
    if name in stated:
        raise ConfigurationError(
            f"{name} and {file_name} are both set: unset one of them.", system=system, setting=file_name
        )
    try:
        content = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{file_name} names {path}, which cannot be read ({error.strerror}): "
            "name a file that this user may read, with the secret alone in it.",
            system=system,
            setting=file_name,
        ) from error
    # What is no ASCII is refused below, whatever it stands for.
    secret = content.decode("ascii", errors="replace").strip()
    if not secret:
        raise ConfigurationError(
            f"{file_name} names {path}, which is empty: write the secret into it.", system=system, setting=file_name
        )
    return _checked(secret, file_name, system)


def _checked(value: str, name: str, system: str | None) -> str:
    # What no header can carry would otherwise be quoted by the HTTP library's complaint.
    if system is not None and not (value.isascii() and value.isprintable()):
        raise ConfigurationError(
            f"{name} holds characters that no credential has: copy it again.", system=system, setting=name
        )
    return value
