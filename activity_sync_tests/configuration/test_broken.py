"""What is said about a broken configuration: the line, the setting, and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from activity_sync.configuration import Configuration, examine_configuration, load_configuration
from activity_sync.errors import ConfigurationError
from activity_sync_tests.configuration.broken import cases, said_about

CASES = {name: (text, messages) for name, text, messages in cases()}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_configuration_gets_its_message(name: str):
    text, messages = CASES[name]

    assert messages
    assert said_about(text) == messages, "run `python -m activity_sync_tests.configuration.broken`, read the difference"


def test_there_are_fifty_of_them_and_every_message_says_what_would_be_right():
    remedies = ("; ", "did you mean", "lies in the future", "write `")

    assert len(CASES) >= 50
    assert [
        one for _, messages in CASES.values() for one in messages if not any(words in one for words in remedies)
    ] == []


def test_no_message_quotes_an_address():
    assert not [one for text, messages in CASES.values() if "example" in text for one in messages if ".example" in one]


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path):
    path = tmp_path / "sync.yaml"
    path.write_text("partitions: hourly\n\nlimits: {batch_rows: 1}\n", encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        load_configuration(path)

    assert caught.value.message.splitlines() == [
        f"{path}, line 1: partitions: 'hourly' is not possible; use daily, weekly or monthly",
        f"{path}, line 3: limits.batch_rows: '1' is not possible; use 100 or more",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"partitions: daily\n# caf\xe9\n", "line 2: this is no UTF-8"),
        (b"partitions: daily\n\x00\n", "line 2: a character that no text file has"),
    ],
)
def test_a_file_that_is_no_text_is_told_by_line(tmp_path: Path, content: bytes, says: str):
    path = tmp_path / "sync.yaml"
    path.write_bytes(content)

    configuration, problems = examine_configuration(path)

    assert configuration is None
    assert says in problems[0]


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xef\xbb\xbf", b"{}\n"])
def test_an_empty_file_is_the_shipped_configuration(tmp_path: Path, content: bytes):
    path = tmp_path / "sync.yaml"
    path.write_bytes(content)

    assert load_configuration(path) == Configuration()


def test_the_shipped_file_is_the_shipped_configuration():
    assert load_configuration(Path("activity_sync/sync.yaml").absolute()) == Configuration()
