"""What the configuration says of one field in one flow and type: the shape of `flows.FLOW.TYPE.fields.NAME`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from activity_sync.mapping.computed import template_fields
from activity_sync.mapping.functions import find_function
from activity_sync.mapping.rules import Scalar

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")
_PROPERTY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


class FieldKind(StrEnum):
    """What a property holds, in the words of the configuration."""

    TEXT = "text"
    HTML = "html"
    PLAIN = "plain"
    RICH = "rich"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    DURATION = "duration"


_TEXTS: Final = frozenset({FieldKind.TEXT, FieldKind.HTML, FieldKind.PLAIN, FieldKind.RICH})

UNITS_MS: Final = {"milliseconds": 1, "seconds": 1_000, "minutes": 60_000, "hours": 3_600_000, "days": 86_400_000}

Unit = Literal["milliseconds", "seconds", "minutes", "hours", "days"]


def quoted(value: object) -> str:
    """How a value may be called in a message: as people wrote it, unless it could be somebody's address."""
    return "this value" if "@" in str(value) else repr(value)


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KindPair(_Settings):
    """What the source's property holds and what the target's holds."""

    source: FieldKind = Field(alias="from")
    target: FieldKind = Field(alias="to")


class UnitPair(_Settings):
    """In what the source's property counts a duration and in what the target's does."""

    source: Unit = Field(alias="from")
    target: Unit = Field(alias="to")


def check_name(given: str) -> None:
    """ValueError where no property or column can be called so."""
    if not _PROPERTY.fullmatch(given):
        raise ValueError(f"{quoted(given)} is no name of a property; use its internal name, as new_region")


class FieldSettings(_Settings):
    """One field of one flow and type; a name of docs/mapping.md, or one of your own.

    `from`: the source's properties, the first that is not empty counts; `to`: the target's. `constant`, `template` and
    `function` make the value instead of reading it (`function` may read it too). `display`: the text that a look-up
    shows. `values`: {value in the source: value in the target}, `otherwise` for all others (null: dropped).
    `default`: what the target gets where the source has nothing. `no_place: append` lists the value under the body,
    with `label` before it; `drop` records the loss. `zone`: of days, and of times that become text.
    """

    enabled: bool = True
    source: tuple[str, ...] = Field(default=(), alias="from")
    target: str | None = Field(default=None, alias="to")
    kind: FieldKind | KindPair | None = None
    constant: Scalar | float | None = None
    template: str | None = None
    function: str | None = None
    display: bool = False
    values: Mapping[Scalar, Scalar] | None = None
    otherwise: Scalar | None = None
    default: Scalar | float | None = None
    unit: UnitPair | None = None
    digits: Annotated[int, Field(ge=0, le=10)] | None = None
    zone: str | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    no_place: Literal["append", "drop"] | None = None
    label: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\r\n<:]+$")] | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _takes_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("source", "target")
    @classmethod
    def _are_names(cls, value: Any) -> Any:
        for one in (value,) if isinstance(value, str) else value or ():
            check_name(one)
        return value

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        try:
            return value and ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{quoted(value)} is no time zone; use a name, as Europe/Berlin") from None

    @field_validator("template")
    @classmethod
    def _is_a_template(cls, value: str | None) -> str | None:
        try:
            named = template_fields(value) if value is not None else ("",)
        except ValueError as error:
            raise ValueError(f"this is no template ({error}); use a text with {{name}} in it") from None
        if not named:
            raise ValueError("it names no field; use `constant` for a text that is always the same")
        return value

    @field_validator("function")
    @classmethod
    def _is_found(cls, value: str | None) -> str | None:
        if value is not None:
            find_function(value)
        return value

    @field_validator("values")
    @classmethod
    def _maps_something(cls, value: Mapping[Scalar, Scalar] | None) -> Mapping[Scalar, Scalar] | None:
        if value is not None and not value:
            raise ValueError("it is empty; use {value in the source: value in the target}")
        return value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        made = [name for name in ("constant", "template", "function") if getattr(self, name) is not None]
        if len(made) > 1:
            raise ValueError(f"{' and '.join(made)} both make the value; keep one")
        if made and made != ["function"] and self.source:
            raise ValueError(f"`{made[0]}` makes the value, so that `from` reads nothing; remove one of them")
        if made and self.values is not None:
            raise ValueError(f"`{made[0]}` makes the value, so that `values` maps nothing; remove one of them")
        if "otherwise" in self.model_fields_set and self.values is None:
            raise ValueError("`otherwise` is for what `values` lacks; add `values`, or use `default`")
        if self.no_place == "append" and self.target is not None:
            raise ValueError("it has a place in `to`; remove `to`, or `no_place`")
        if self.label is not None and self.no_place != "append":
            raise ValueError("`label` stands before a value under the body; add `no_place: append`")
        if self.display and self.is_made:
            raise ValueError(f"`{made[0]}` makes the value, so that `display` reads nothing; remove one of them")
        self._have_an_effect()
        return self

    def _have_an_effect(self) -> None:
        """ValueError for a setting that would change nothing."""
        kinds = frozenset(self.kinds or ())
        said = [name for name in ("kind", "unit", "digits", "limit") if getattr(self, name) is not None]
        if self.values is not None and said:
            raise ValueError(f"values are mapped as they stand; remove `{said[0]}`")
        placed = [name for name in ("values", "unit", "digits", "limit", "default") if getattr(self, name) is not None]
        if self.no_place is not None and placed:
            raise ValueError(f"`{placed[0]}` is for what has a place; remove it, or `no_place`")
        if self.unit is not None and self.kind is not None and FieldKind.DURATION not in kinds:
            raise ValueError("`unit` is for durations; write `kind: duration`")
        if self.digits is not None and FieldKind.NUMBER not in kinds:
            raise ValueError("`digits` is for numbers; write `kind: number`")
        if self.limit is not None and self.kinds is not None and self.kinds[1] not in _TEXTS:
            raise ValueError("`limit` is for texts; remove it")

    @property
    def is_made(self) -> bool:
        """Whether the value is made and not just read: it cannot be carried back."""
        return self.constant is not None or self.template is not None or self.function is not None

    @property
    def kinds(self) -> tuple[FieldKind, FieldKind] | None:
        """What the source's and the target's property hold; None where nothing is said."""
        match self.kind:
            case KindPair(source=source, target=target):
                return source, target
            case FieldKind() as one:
                return one, one
        return (FieldKind.DURATION, FieldKind.DURATION) if self.unit is not None else None
