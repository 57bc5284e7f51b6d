"""In what the generations of the API differ, as the published OpenAPI files and guides show.

`v3` stands for `/crm/v3` objects together with `/crm/v4` associations.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """One generation.

    `partial_status` is the status of a batch of which some rows were refused, None where it is the usual one;
    `shows_url`: records carry a link to themselves; `numeric_ids`: association reads give `toObjectId` as a number;
    `archives_with_body`: archiving associations answers 200 with a batch body and not 204; `lists_links`: the
    associations of one record can be listed.
    """

    name: str
    partial_status: int | None
    shows_url: bool
    numeric_ids: bool
    archives_with_body: bool
    associations_created: int
    lists_links: bool


V3 = ApiVersion(
    "v3",
    partial_status=207,
    shows_url=False,
    numeric_ids=True,
    archives_with_body=False,
    associations_created=201,
    lists_links=True,
)
V2026_03 = ApiVersion(
    "2026-03",
    partial_status=207,
    shows_url=True,
    numeric_ids=False,
    archives_with_body=True,
    associations_created=201,
    lists_links=True,
)
V2026_09 = ApiVersion(
    "2026-09",
    partial_status=None,
    shows_url=True,
    numeric_ids=False,
    archives_with_body=True,
    associations_created=200,
    lists_links=False,
)
DATED = (V2026_03, V2026_09)
