"""Company names, compared but for case, blanks, punctuation at the ends, and the legal form; and domains."""

from __future__ import annotations

import pytest

from activity_sync.rules.domains import company_domain, domain_of, spellings
from activity_sync.rules.names import name_without_form, normal_name, search_words


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("Acme", "acme"),
        ("  ACME \t Works ", "acme works"),
        ("“Acme”", "acme"),
        ("Acme®", "acme"),
        ("Acme, Inc.", "acme, inc"),
        ("C++", "c++"),
        ("MÜLLER", "müller"),
        ("Mu\u0308ller", "müller"),
        ("Straße", "strasse"),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_name_is_the_same_but_for_case_blanks_and_its_ends(name: str, normal: str) -> None:
    assert normal_name(name) == normal


@pytest.mark.parametrize(
    "name",
    [
        "Acme",
        "Acme GmbH",
        "ACME gmbh",
        "Acme G.m.b.H.",
        "Acme AG",
        "Acme Ltd",
        "Acme, Ltd.",
        "Acme Limited",
        "Acme Inc.",
        "Acme, Incorporated",
        "Acme LLC",
        "Acme L.L.C.",
        "Acme S.A.",
        "Acme SA",
        "Acme B.V.",
        "Acme B. V.",
        "Acme Oy",
        "Acme Oyj",
        "Acme AB",
        "Acme AB (publ)",
        "Acme SAS",
        "Acme SRL",
        "Acme S.r.l.",
        "Acme S.à r.l.",
        "Acme S. A. R. L.",
        "Acme SpA",
        "Acme S.p.A.",
        "Acme Pty Ltd",
        "Acme Pty. Ltd.",
        "Acme Private Limited",
        "Acme GmbH & Co. KG",
        "Acme & Co. KG",
        "Acme AG und Co KGaA",
        "Acme PLC",
        "Acme Corp.",
        "Acme Corporation",
        "Acme Company",
        "Acme A/S",
        "Acme UG (haftungsbeschränkt)",
        "Acme Sp. z o.o.",
        "Acme s.r.o.",
        "Acme S.A. de C.V.",
        "Acme e.K.",
    ],
)
def test_the_legal_form_at_the_end_does_not_count(name: str) -> None:
    assert name_without_form(name) == "acme"


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("SE Ranking", "se ranking"),
        ("AS Roma", "as roma"),
        ("Serenity Spa", "serenity spa"),
        ("Going Private", "going private"),
        ("Johnson & Johnson", "johnson & johnson"),
        ("Smith & Sons Ltd", "smith & sons"),
        ("Acme (UK) Ltd", "acme (uk"),
        ("Acme Holding GmbH", "acme holding"),
        ("Incline", "incline"),
        ("AG", "ag"),
        ("Limited Company", "limited"),
        ("株式会社", "株式会社"),
    ],
)
def test_what_is_part_of_the_name_counts(name: str, core: str) -> None:
    assert name_without_form(name) == core


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Müller & Söhne GmbH", ("müller", "söhne")),
        ("Big Straße AG", ("straße", "big")),
        ("AT&T Inc.", ("at&t",)),
        ("The O'Neill Group", ("group", "the")),
        ("...", ()),
    ],
)
def test_a_search_asks_for_whole_words_the_most_telling_first(name: str, words: tuple[str, ...]) -> None:
    assert search_words(name) == words


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("", ""),
        ("acme.example", "acme.example"),
        ("https://www.Example.com/path", "example.com"),
        ("http://www.acme.example/x?y", "acme.example"),
        ("HTTPS://ACME.example:443", "acme.example"),
        ("www.acme.example.", "acme.example"),
        ("mail@acme.example", "acme.example"),
        ("shop.acme.example", "shop.acme.example"),
        ("https://xn--mller-kva.example", "müller.example"),
        ("just words", ""),
        ("two words.example", ""),
        ("http://[broken", ""),
    ],
)
def test_domain_of_a_website(website: str, domain: str) -> None:
    assert domain_of(website) == domain


@pytest.mark.parametrize("website", ["gmail.com", "https://www.GMAIL.com/", "web.de", "t-online.de", "outlook.com"])
def test_a_domain_at_which_anybody_has_an_address_is_no_companys(website: str) -> None:
    assert company_domain(website) == ""


def test_a_domain_beyond_ascii_is_searched_for_in_both_its_spellings() -> None:
    assert spellings("müller.example") == ("müller.example", "xn--mller-kva.example")
    assert spellings("acme.example") == ("acme.example",)
