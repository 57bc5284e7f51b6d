"""The JSON Schema of the configuration file, for editors: `sync.yaml` names it in its first line.

`make schema` writes it. What a schema cannot say (no day in the future, a key twice) the program says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from activity_sync.configuration import Configuration, TwinsConfig
from activity_sync.rules.match import TwinMode

SCHEMA_FILE: Final = Path(__file__).with_name("sync.schema.json")


def configuration_schema() -> str:
    """The schema as the file holds it: JSON, indented, ending with a line break."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_tidied(Configuration.model_json_schema()),
        "title": "Activity Sync: what syncs, and how",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _tidied(given: Any) -> Any:
    """Without the titles that only repeat a name; a section that may be a single word takes that word."""
    if isinstance(given, list):
        return [_tidied(one) for one in given]
    if not isinstance(given, dict):
        return given
    found = {name: _tidied(one) for name, one in given.items() if not (name == "title" and isinstance(one, str))}
    if found.get("format") == "time":
        # The format asks for a time zone, which ours do without.
        return {**{name: one for name, one in found.items() if name != "format"}, "pattern": _TIME}
    if found.get("$ref") == f"#/$defs/{TwinsConfig.__name__}":
        # A bare `off` is false to some editors.
        return {
            **{name: one for name, one in found.items() if name != "$ref"},
            "anyOf": [{"$ref": found["$ref"]}, _WORD],
        }
    return found


_TIME: Final = "^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"
_WORD: Final = {"enum": [*(mode.value for mode in TwinMode), False]}


if __name__ == "__main__":
    SCHEMA_FILE.write_text(configuration_schema(), encoding="utf-8")
