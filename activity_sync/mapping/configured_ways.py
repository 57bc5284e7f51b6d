"""What the flows say of one field, and the two systems that they say it of. Values."""

from __future__ import annotations

from dataclasses import dataclass

from activity_sync.activities.identity import Flow
from activity_sync.mapping.field_settings import FieldSettings
from activity_sync.mapping.rules import FieldRule, Notation


class Faulty(ValueError):
    """A field that cannot be mapped as it is said. `key`: the setting; `flow`: whose, None for the one that speaks."""

    def __init__(self, message: str, key: str = "", flow: Flow | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.flow = flow


@dataclass(frozen=True, slots=True)
class Way:
    """A flow that carries the field, with what it says of it. `is_silent`: nothing."""

    flow: Flow
    settings: FieldSettings
    is_silent: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One system: the field's shipped rule, if it has one, and the rule of the body."""

    system: str
    rule: FieldRule | None
    notation: Notation
    body: FieldRule | None
