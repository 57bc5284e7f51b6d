"""Finding records by the key under which we created them."""

from __future__ import annotations

from collections.abc import Sequence

from activity_sync.systems.hubspot.metadata import KEY, KeyProperty
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.searches import search_values


async def find_keys(
    operations: Operations, kind: str, keys: Sequence[str], *, key_property: KeyProperty
) -> dict[str, str]:
    """The keys that exist, with their record's id: by batch read where they are unique, else by search.

    Should two records have one key, which a person can bring about where it is plain, the older one is it.
    """
    match key_property:
        case KeyProperty.UNIQUE:
            found = await operations.batch_read(kind, keys, (KEY,), id_property=KEY)
        case KeyProperty.PLAIN:
            found = await search_values(operations, kind, KEY, keys, properties=(KEY,))
        case KeyProperty.ABSENT:
            return {}
    by_text = {key.lower(): key for key in keys}
    return {
        by_text[text]: str(one["id"])
        for one in sorted(found, key=lambda one: int(one["id"]), reverse=True)
        if (text := str((one.get("properties") or {}).get(KEY) or "").lower()) in by_text
    }
