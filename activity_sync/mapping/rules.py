"""What a mapping says: per system, per activity type, one rule per canonical field.

These classes are the YAML's own shape (pydantic refuses unknown keys and wrong types) and are used as they are by
`decode` and `encode`. They hold no behaviour beyond questions about themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping.cut import LengthUnit


class Kind(StrEnum):
    """How a property's value becomes a canonical one, and back."""

    TEXT = "text"  # one line of text
    HTML = "html"  # a body, always written as HTML
    PLAIN = "plain"  # a body, always written as plain text
    RICH = "rich"  # a body, written as HTML or as text, whichever the source is
    HEADING = "heading"  # one line kept as the first, bold paragraph of another field's body
    MOMENT = "moment"  # a point in time
    DURATION = "duration"  # milliseconds, in the unit that the property counts in
    BOOL = "bool"
    CHOICE = "choice"  # one of a closed set of values
    STATE = "state"  # a pair of columns that together are one of a closed set: state and reason
    NUMBER = "number"  # with decimals
    INTEGER = "integer"
    DATE = "date"  # a day; ours is its midnight in the zone
    LISTED = "listed"  # one line of a list at the end of another field's body
    ID = "id"  # the id of a record of the same system
    TRANSLATOR = "translator"  # listed so that it is known; the system's own translator reads and writes it


BODY_KINDS = frozenset({Kind.HTML, Kind.PLAIN, Kind.RICH})

Scalar = bool | int | str


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class Choice(_Rule):
    """One line of a value map, read from the top in both directions; the first that fits counts.

    `value`: the canonical value; null stands for "empty". `native`: the system's spelling or
    spellings of it, the preferred one first (for a `state`: the pair). `when`: canonical fields that must have one of
    these values. `loss`: a neighbour, not the value itself, so only written. `read: false`, `write: false`: a line for
    one direction.
    """

    value: str | None
    native: tuple[Scalar, ...]
    when: Mapping[str, tuple[str | None, ...]] = {}
    read: bool = True
    write: bool = True
    loss: bool = False

    @field_validator("native", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)

    @field_validator("when", mode="before")
    @classmethod
    def _each_listed(cls, value: Any) -> Any:
        return {name: _listed(wanted) for name, wanted in value.items()} if isinstance(value, dict) else value

    @property
    def is_read(self) -> bool:
        """Whether this line is also read: a neighbour is not."""
        return self.read and not self.loss


class Default(_Rule):
    """What a required field gets when the source has no value. Taken from the record itself, never invented.

    Either another canonical `field`, or the first visible line of a body, cut at `chars`, or else `text`; or the
    `value` that the configuration gives.
    """

    field: str | None = None
    first_line_of: str | None = None
    chars: int = 100
    text: str | None = None
    value: Scalar | float | None = None


class Stamp(_Rule):
    """A column that the server fills with its own "now" when a record is completed, unless it is sent along.

    Written on a create that ends completed: the moment in the canonical field `moment`, plus that many milliseconds as
    the field `plus` says.
    """

    column: str
    moment: str
    plus: str | None = None


class Computed(_Rule):
    """A value that is not read but made: a `constant`, a `template` over canonical fields, or a `function`'s answer."""

    constant: Scalar | float | None = None
    template: str | None = None
    function: str | None = None


class FieldRule(_Rule):
    """One canonical field in one system.

    `read`: properties in order; the first that is not empty counts. `write`: the properties that get the value (for
    a `state`: the pair); empty for a field that is only read. `property: x` in YAML is short for both.
    `limit`: characters as the system counts them; the system's metadata overrides it.
    `when`: the property holds this field only while these canonical fields have these values.
    `create_only`: can be set on create and never changed. `with_state`: is sent together with the closing state.
    `clearable: false`: an empty value is not written. `otherwise`: the native value for what has no choice.
    `by_state`: the reading of a custom reason, by its state. `inside`: the body that holds the heading.
    `plain_copy`: a property that gets the same body as plain text. `required`: a create without it is refused.

    What only configured fields have: `computed`; `zone` of days and of times written as text; `digits` after the
    decimal point; `label` of a `listed` field's line, `inside` the body, and `several`: every line of the value is one
    there; `source_only`: the system is the source of it and never written; `configured`: people named the properties,
    which may not exist; `most`: a limit below the system's.
    """

    kind: Kind
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    limit: int | None = None
    when: Mapping[str, tuple[str | None, ...]] = {}
    create_only: bool = False
    with_state: bool = False
    clearable: bool = True
    default: Default | None = None
    choices: tuple[Choice, ...] = ()
    otherwise: Scalar | None = None
    by_state: Mapping[int, str] = {}
    stamps: tuple[Stamp, ...] = ()
    unit_ms: int = 1
    inside: str | None = None
    plain_copy: str | None = None
    computed: Computed | None = None
    zone: str = "UTC"
    digits: int | None = None
    label: str = ""
    several: bool = False
    source_only: bool = False
    configured: bool = False
    most: int | None = None
    required: bool = False

    @model_validator(mode="before")
    @classmethod
    def _expand_property(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        value = dict(value)
        for name in ("read", "write"):
            if name in value:
                value[name] = _listed(value[name])
        if "property" in value:
            both = _listed(value.pop("property"))
            value.setdefault("read", both)
            value.setdefault("write", both)
        if isinstance(value.get("when"), dict):
            value["when"] = {name: _listed(wanted) for name, wanted in value["when"].items()}
        return value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind in {Kind.CHOICE, Kind.STATE} and not self.choices:
            raise ValueError(f"kind {self.kind} needs `choices`")
        if self.kind is Kind.STATE:
            if len(self.read) != 2 or len(self.write) not in {0, 2}:
                raise ValueError("kind state needs a pair of columns in `property`")
            if any(len(choice.native) != 2 for choice in self.choices):
                raise ValueError("kind state needs a pair [state, reason] in each choice's `native`")
        if (self.kind in {Kind.HEADING, Kind.LISTED}) != (self.inside is not None):
            raise ValueError("`inside` belongs to the kinds heading and listed, and they need it")
        if self.kind is not Kind.TRANSLATOR and not self.read and self.computed is None:
            raise ValueError("a field needs `property` or `read`")
        return self

    @cached_property
    def depends_on(self) -> frozenset[str]:
        """The canonical fields that decide how this one is read."""
        named = set(self.when)
        for choice in self.choices:
            named |= set(choice.when)
        return frozenset(named)

    @property
    def is_comparable(self) -> bool:
        """Whether the system shows the field and either is its source alone, or lets us change it after the create."""
        if self.source_only:
            return self.kind is Kind.TRANSLATOR or bool(self.read or self.computed)
        return bool(self.write and self.read) and not self.create_only


class Notation(_Rule):
    """How a system writes values down.

    `strings`: every value is a string (HubSpot), else JSON's own types. `empty`: what clears a value.
    `time_digits`: digits after the second. `length_unit`: in what text lengths are counted. `display`: where the
    display text of a look-up named `{}` stands, if the system has look-ups. `text_limit`: of a text
    property that no rule and no metadata knows the limit of.
    """

    strings: bool
    empty: str | None
    time_digits: int
    length_unit: LengthUnit
    display: str | None = None
    text_limit: int | None = None


class TypeMapping(_Rule):
    """One activity type in one system."""

    system: str
    type: ActivityType
    notation: Notation
    fields: Mapping[str, FieldRule]

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name, rule in self.fields.items():
            known = set(self.fields)
            if rule.depends_on - known:
                raise ValueError(f"field {name}: `when` names no field of this type: {sorted(rule.depends_on - known)}")
            if rule.inside is not None and rule.inside not in known:
                raise ValueError(f"field {name}: `inside` names no field of this type: {rule.inside}")
        return self

    @cached_property
    def reading_order(self) -> tuple[tuple[str, FieldRule], ...]:
        """The fields that are read from properties, each after those that it depends on."""
        ours = [(name, rule) for name, rule in self.fields.items() if rule.kind is not Kind.TRANSLATOR]
        return tuple(sorted(ours, key=lambda one: bool(one[1].depends_on)))

    @cached_property
    def headings(self) -> dict[str, str]:
        """Body field to the field that is kept as its heading."""
        return {
            rule.inside: name
            for name, rule in self.fields.items()
            if rule.inside is not None and rule.kind is Kind.HEADING
        }

    @cached_property
    def lists(self) -> dict[str, tuple[str, ...]]:
        """Body field to the fields that are kept in the list at its end, in order."""
        found: dict[str, list[str]] = {}
        for name, rule in self.fields.items():
            if rule.inside is not None and rule.kind is Kind.LISTED:
                found.setdefault(rule.inside, []).append(name)
        return {body: tuple(names) for body, names in found.items()}


class SystemMapping(_Rule):
    """All activity types of one system."""

    system: str
    types: Mapping[ActivityType, TypeMapping]

    @cached_property
    def revision(self) -> str:
        """A short hash of everything the mapping says: it changes when, and only when, a rule changes."""
        told = self.model_dump_json(exclude_defaults=True)
        return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def columns_to_read(mapping: TypeMapping) -> tuple[str, ...]:
    """The allow list of properties to ask the API for, each once, in the mapping's order."""
    return tuple(dict.fromkeys(column for rule in mapping.fields.values() for column in rule.read))


def columns_to_write(mapping: TypeMapping) -> tuple[str, ...]:
    """Every property that `encode_fields` may send, each once, in the mapping's order."""
    names: dict[str, None] = {}
    for rule in mapping.fields.values():
        names |= dict.fromkeys(rule.write)
        names |= dict.fromkeys(stamp.column for stamp in rule.stamps)
        if rule.plain_copy:
            names[rule.plain_copy] = None
    return tuple(names)


def comparable_fields(mapping: TypeMapping) -> frozenset[str]:
    """The canonical fields whose values the two sides are compared by."""
    return frozenset(name for name, rule in mapping.fields.items() if rule.is_comparable)
