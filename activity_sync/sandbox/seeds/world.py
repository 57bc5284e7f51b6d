"""The people and companies that both systems know, and those that only one of them knows."""

from __future__ import annotations

import random
import re
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activity_sync.sandbox.seeds.words import COMPANY_NAMES, FIRST_NAMES, LAST_NAMES

_SPACE = uuid.UUID("6f1d3c5a-9b27-4e1e-8d54-2a7c90b1e6f3")

# Letters that no decomposition makes plain.
_PLAIN_LETTERS = str.maketrans({"\u00f8": "o", "\u00d8": "O", "\u00df": "ss", "\u0131": "i"})


@dataclass(frozen=True, slots=True)
class Entity:
    """Something both systems may have: its id in each, empty where that system does not have it."""

    hubspot_id: str
    dynamics_id: str


@dataclass(frozen=True, slots=True)
class Owner(Entity):
    """A user of the systems; `active` is false for one that left."""

    first: str
    last: str
    email: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Company(Entity):
    """A company; matched by domain and name."""

    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Contact(Entity):
    """A person; `email` is the address in HubSpot, `dynamics_email` the one in Dynamics."""

    first: str
    last: str
    email: str
    dynamics_email: str
    company: Company
    owner: Owner
    further_emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter(Entity):
    """A deal (opportunity) or a ticket (incident) of a contact."""

    title: str
    contact: Contact


@dataclass(frozen=True, slots=True)
class World:
    """Everything that activities hang on. `now` is the moment the data ends at."""

    now: datetime
    owners: tuple[Owner, ...]
    companies: tuple[Company, ...]
    contacts: tuple[Contact, ...]
    deals: tuple[Matter, ...]
    tickets: tuple[Matter, ...]

    def shared_contacts(self) -> list[Contact]:
        """The contacts that both systems have."""
        return [each for each in self.contacts if each.hubspot_id and each.dynamics_id]

    def shared_owners(self) -> list[Owner]:
        """The active users that both systems have."""
        return [each for each in self.owners if each.active and each.hubspot_id and each.dynamics_id]


def guid(*names: object) -> str:
    """Give the id of something in Dynamics, always the same for the same names."""
    return str(uuid.uuid5(_SPACE, "/".join(map(str, names))))


def iso_ms(moment: datetime) -> str:
    """Write a time to the millisecond, as HubSpot does: milliseconds of zero are left out."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    ms = moment.microsecond // 1000
    return f"{text}.{ms:03d}Z" if ms else f"{text}Z"


def iso_s(moment: datetime) -> str:
    """Write a time to the second, as Dynamics does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def build_world(now: datetime, *, contacts: int, draw: random.Random) -> World:
    """Invent the people and companies."""
    owners = _owners()
    companies = _companies(max(8, contacts // 5))
    people = [_contact(number, companies, owners, draw) for number in range(contacts)]
    people += _awkward_contacts(companies, owners)
    shared = [each for each in people if each.hubspot_id and each.dynamics_id]
    deals = tuple(
        Matter(str(70_000 + number), guid("opportunity", number), f"{each.company.name} {number}", each)
        for number, each in enumerate(shared[: max(4, contacts // 4)])
    )
    tickets = tuple(
        Matter(str(80_000 + number), guid("incident", number), f"Case {number} of {each.last}", each)
        for number, each in enumerate(shared[-max(4, contacts // 8) :])
    )
    return World(now, owners, companies, tuple(people), deals, tickets)


def within(world: World, draw: random.Random, *, days: float = 10.0) -> datetime:
    """Draw a moment of the last days, to the millisecond."""
    seconds = draw.uniform(120, days * 86_400 - 3_600)
    moment = world.now - timedelta(seconds=seconds)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _owners() -> tuple[Owner, ...]:
    shared = (
        ("Maria", "Sanchez"),
        ("Tom", "O'Neill"),
        ("Ines", "Becker"),
        ("Raj", "Patel"),
        ("Lena", "Fischer"),
        ("Omar", "Said"),
    )
    owners = [
        Owner(
            str(50_001 + number),
            guid("systemuser", number),
            first,
            last,
            f"{_ascii(first)}.{_ascii(last)}@ourfirm.example",
        )
        for number, (first, last) in enumerate(shared)
    ]
    left = Owner("50090", guid("systemuser", "left"), "Gone", "Gardener", "gone.gardener@ourfirm.example", active=False)
    marketing = Owner("50091", "", "Only", "Marketing", "only.marketing@ourfirm.example")
    sales = Owner("", guid("systemuser", "sales"), "Only", "Sales", "only.sales@ourfirm.example")
    return (*owners, left, marketing, sales)


def _companies(count: int) -> tuple[Company, ...]:
    companies = []
    for number in range(count):
        round_, place = divmod(number, len(COMPANY_NAMES))
        name = COMPANY_NAMES[place] if round_ == 0 else f"{COMPANY_NAMES[place]} {round_ + 1}"
        domain = f"{_slug(name)}{round_ or ''}.example"
        companies.append(Company(str(60_000 + number), guid("account", number), name, domain))
    return (
        *companies,
        Company("69001", "", "Hubspot Only Ltd", "hubspot-only.example"),
        Company("", guid("account", "dynamics-only"), "Dynamics Only AG", "dynamics-only.example"),
    )


def _contact(number: int, companies: tuple[Company, ...], owners: tuple[Owner, ...], draw: random.Random) -> Contact:
    first, last = draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
    company = companies[number % (len(companies) - 2)]
    email = f"{_ascii(first)}.{_ascii(last)}.{number}@{company.domain}"
    return Contact(
        str(20_001 + number),
        guid("contact", number),
        first,
        last,
        email,
        # Sales people write addresses as they please.
        email.title() if number % 10 == 3 else email,
        company,
        owners[number % 6],
    )


def _awkward_contacts(companies: tuple[Company, ...], owners: tuple[Owner, ...]) -> list[Contact]:
    company, owner = companies[0], owners[0]
    both = ("29001", guid("contact", "two-addresses"))
    return [
        # Dynamics knows only the address that is the second one in HubSpot.
        Contact(*both, "Niamh", "O'Hara", "niamh@home.example", "niamh.ohara@adler-sons.example", company, owner,
                ("niamh.ohara@adler-sons.example",)),
        Contact("29002", "", "Only", "Hubspot", "only.hubspot@hubspot-only.example", "", companies[-2], owner),
        Contact("29003", "", "Without", "Address", "", "", company, owner),
        Contact("", guid("contact", "dynamics-only"), "Only", "Dynamics", "", "only.dynamics@dynamics-only.example",
                companies[-1], owner),
        Contact("", guid("contact", "without-address"), "No", "Mail", "", "", company, owner),
        # Two rows of Dynamics hold one address; the first of them counts.
        Contact("29004", guid("contact", "twice-1"), "Pat", "Double", "pat.double@brightwater.example",
                "pat.double@brightwater.example", companies[1], owner),
        Contact("", guid("contact", "twice-2"), "Patricia", "Double", "", "pat.double@brightwater.example",
                companies[1], owner),
    ]  # fmt: skip


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN_LETTERS))
    return re.sub(r"[^a-z0-9]", "", plain.lower()) or "x"


def _slug(name: str) -> str:
    return "-".join(_ascii(word) for word in re.findall(r"[^\s&]+", name))
