"""How an address is looked for: as JSON, HTML and URLs may write it, and never inside a longer one."""

from __future__ import annotations

import json

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.pipeline.erase import pattern_of

_DUCKDB = duckdb.connect()
"""Not the connection that all tests of a process share."""

ANN = "ann.o'hara+crm@acme.example"


def finds(address: str, text: str) -> bool:
    """Whether DuckDB, which does the looking, finds the address."""
    values = {"text": text, "pattern": pattern_of(address)}
    [(found,)] = _DUCKDB.execute("SELECT regexp_matches($text, $pattern, 'i')", values).fetchall()
    return bool(found)


@pytest.mark.parametrize(
    "text",
    [
        ANN,
        ANN.upper(),
        f"Ann <{ANN}>",
        f"write to {ANN}. Soon",
        f"({ANN})",
        f"mailto:{ANN}",
        json.dumps({"body": f"line\n{ANN}\nline"}),
        json.dumps(json.dumps({"from": {"email": ANN}})),
        "ann.o%27hara%2Bcrm%40acme.example",
        "ann.o'hara+crm&#64;acme.example",
    ],
)
def test_address_is_found_as_it_may_be_written(text: str) -> None:
    assert finds(ANN, text)


@pytest.mark.parametrize("text", ["jo" + ANN, f"x.{ANN}", f"{ANN}.org", f"{ANN}s", ANN.replace(".", "x"), ""])
def test_longer_and_other_addresses_are_not_it(text: str) -> None:
    assert not finds(ANN, text)


@given(st.text(st.sampled_from("abzäö漢😀_.-+'"), min_size=1, max_size=12), st.text("a\nb <>\"'é", max_size=4))
def test_any_address_is_found_in_json_of_any_depth(local: str, before: str) -> None:
    address = f"{local}@acme.example"
    text = f"{before}\n{address}, and more"
    assert finds(address, json.dumps({"a": text}))
    assert finds(address, json.dumps({"a": text}, ensure_ascii=False))
    assert finds(address, json.dumps({"a": json.dumps([text])}))
