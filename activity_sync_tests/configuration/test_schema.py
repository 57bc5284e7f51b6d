"""The JSON Schema that editors use."""

from __future__ import annotations

import json
from typing import Any

import yaml

from activity_sync.configuration_schema import SCHEMA_FILE, configuration_schema
from activity_sync.settings import PROJECT_ROOT

SHIPPED = PROJECT_ROOT / "activity_sync" / "sync.yaml"


def test_the_schema_is_the_one_of_this_configuration():
    assert SCHEMA_FILE.read_text(encoding="utf-8") == configuration_schema(), "out of date: run `make schema`"


def test_the_shipped_file_names_the_schema_beside_it():
    first = SHIPPED.read_text(encoding="utf-8").splitlines()[0]

    assert first == f"# yaml-language-server: $schema={SCHEMA_FILE.name}"
    assert SCHEMA_FILE.parent == SHIPPED.parent


def test_an_editor_offers_every_key_of_the_shipped_file():
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))

    assert list(unknown_keys(yaml.safe_load(SHIPPED.read_text(encoding="utf-8")), schema, schema)) == []


def test_an_editor_refuses_other_keys():
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))

    assert list(unknown_keys({"flwos": {}, "limits": {"rows": 1}}, schema, schema)) == ["flwos", "rows"]
    assert all(one["additionalProperties"] is False for one in schema["$defs"].values() if one["type"] == "object")


def unknown_keys(document: Any, schema: dict[str, Any], whole: dict[str, Any]):
    """The keys of a document that the schema of its place does not know."""
    while "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    if isinstance(document, dict) and "properties" in schema:
        for key, value in document.items():
            if key not in schema["properties"]:
                yield key
            else:
                yield from unknown_keys(value, schema["properties"][key], whole)
