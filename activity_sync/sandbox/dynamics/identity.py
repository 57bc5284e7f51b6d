"""Ids of the rows that every sandbox organisation has, always the same."""

import uuid

_SPACE = uuid.UUID("8d5f7f0e-6f43-5f5c-9d51-2f9e3c1b7a10")


def fixed_id(name: str) -> str:
    """The id that goes with a name."""
    return str(uuid.uuid5(_SPACE, name))


ORGANIZATION_ID = fixed_id("organization")
BUSINESS_UNIT_ID = fixed_id("businessunit")
APPLICATION_USER_ID = fixed_id("application user")
TEAM_ID = fixed_id("team")
