"""The kinds of association, each direction with a type id of its own.

Source: HubSpot developer documentation, "Associations v4" (table of type ids), read 2026-11. An
association is one fact seen from both sides: 202 from the note, 201 from the contact.
"""

from __future__ import annotations

from dataclasses import dataclass

HUBSPOT_DEFINED = "HUBSPOT_DEFINED"
USER_DEFINED = "USER_DEFINED"


@dataclass(frozen=True, slots=True)
class AssociationType:
    """One kind of association as seen from `source` towards `target`; `inverse_id` is its id from there."""

    type_id: int
    source: str
    target: str
    inverse_id: int
    label: str | None = None
    category: str = HUBSPOT_DEFINED

    @property
    def is_default(self) -> bool:
        """Whether this is the plain kind, without a label."""
        return self.label is None

    def inverse(self, *, label: str | None = None) -> AssociationType:
        """Give the same association as seen from the other side."""
        return AssociationType(
            self.inverse_id, self.target, self.source, self.type_id, label or self.label, self.category
        )


# activity: id towards the record, id from the record
_OF_ACTIVITIES = {
    "notes": {"contacts": (202, 201), "companies": (190, 189), "deals": (214, 213), "tickets": (228, 227)},
    "tasks": {"contacts": (204, 203), "companies": (192, 191), "deals": (216, 215), "tickets": (230, 229)},
    "calls": {"contacts": (194, 193), "companies": (182, 181), "deals": (206, 205), "tickets": (220, 219)},
    "emails": {"contacts": (198, 197), "companies": (186, 185), "deals": (210, 209), "tickets": (224, 223)},
    "meetings": {"contacts": (200, 199), "companies": (188, 187), "deals": (212, 211), "tickets": (226, 225)},
}

_OF_RECORDS = (
    AssociationType(279, "contacts", "companies", 280),
    AssociationType(1, "contacts", "companies", 2, "Primary"),
    AssociationType(4, "contacts", "deals", 3),
    AssociationType(341, "deals", "companies", 342),
    AssociationType(5, "deals", "companies", 6, "Primary"),
    AssociationType(15, "contacts", "tickets", 16),
    AssociationType(339, "tickets", "companies", 340),
    AssociationType(26, "tickets", "companies", 25, "Primary"),
    AssociationType(27, "deals", "tickets", 28),
    AssociationType(449, "contacts", "contacts", 449),
    AssociationType(450, "companies", "companies", 450),
    AssociationType(13, "companies", "companies", 14, "Child Company"),
)

_OTHER_LABELS = {13: "Parent Company"}


def initial_association_types() -> list[AssociationType]:
    """Give all kinds that a new portal has, both directions."""
    one_way = [
        AssociationType(there, activity, record, back)
        for activity, towards in _OF_ACTIVITIES.items()
        for record, (there, back) in towards.items()
    ]
    one_way += _OF_RECORDS
    both = {(kind.type_id, kind.source): kind for kind in one_way}
    for kind in one_way:
        other = kind.inverse(label=_OTHER_LABELS.get(kind.type_id))
        both.setdefault((other.type_id, other.source), other)
    return list(both.values())
