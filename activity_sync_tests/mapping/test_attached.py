"""Files as lines under a body, and the fields they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from activity_sync.activities.activity import RichText
from activity_sync.activities.files import GONE, UNREADABLE, AttachedFile
from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import comparable_fields, decode_fields, encode_fields, load_mapping
from activity_sync.mapping.attached import list_files, losses_of, size_in_words, with_files
from activity_sync.mapping.configured import Mappings
from activity_sync_tests.mapping.configuring import TO_DYNAMICS, TO_HUBSPOT, configured

TYPES = tuple(ActivityType)
BOTH = {TO_DYNAMICS: TYPES, TO_HUBSPOT: TYPES}
OPENS = "https://crm.test/record?type=call&id=501"

files = st.builds(
    AttachedFile,
    id=st.text("0123456789", min_size=1, max_size=12),
    name=st.text(max_size=300),
    kind=st.sampled_from(["", "image", "application/pdf", "a\nb"]),
    size=st.none() | st.integers(0, 10**10),
    url=st.sampled_from(["", "https://files.test/a?b=1&c=2"]),
    problem=st.sampled_from(["", "", GONE, UNREADABLE]),
)


def test_a_file_is_told_with_what_is_known_of_it() -> None:
    whole = AttachedFile("1", "a  b.pdf", "document", 2048, "https://files.test/a")
    told = list_files([whole, AttachedFile("2", problem=UNREADABLE), AttachedFile("3", problem=GONE)], opens_at=OPENS)

    assert told == f"a b.pdf (2 KB, document) - https://files.test/a\nfile 2 - {OPENS}"
    assert list_files([AttachedFile("3", problem=GONE)], opens_at=OPENS) is None
    assert list_files([AttachedFile("4", "x" * 130)], opens_at="") == "x" * 120 + "…"


def test_sizes_are_told_in_the_unit_that_fits() -> None:
    sizes = (0, 1023, 1024, 250_000, 1024**2, 3_500_000, 36_700_160, 5 * 1024**3)

    assert [size_in_words(one) for one in sizes] == (
        ["0 B", "1023 B", "1 KB", "244 KB", "1.0 MB", "3.3 MB", "35 MB", "5.0 GB"]
    )


def test_losses_are_told_in_numbers() -> None:
    given = [AttachedFile("1", "secret.pdf"), AttachedFile("2", problem=GONE), AttachedFile("3", problem=UNREADABLE)]

    assert [one.detail for one in losses_of("hubspot_files", given)] == [
        "1 of 3 files are gone",
        "of 1 of 3 files we may read nothing but the id",
    ]
    assert losses_of("hubspot_files", given[:1]) == ()
    assert "whether" in losses_of("dynamics_files", [AttachedFile("", problem=UNREADABLE)])[0].detail


@given(files)
def test_what_is_staged_reads_back(file: AttachedFile) -> None:
    assert AttachedFile.from_json(file.to_json()) == file


def test_each_flow_carries_the_files_of_its_source_and_the_other_leaves_them_out() -> None:
    found = with_files(shipped(), BOTH)

    here, back = (found.carried[flow.name, ActivityType.CALL] for flow in (TO_DYNAMICS, TO_HUBSPOT))
    assert (here.one_way, here.left_out) == ({"hubspot_files"}, {"dynamics_files"})
    assert (back.one_way, back.left_out) == ({"dynamics_files"}, {"hubspot_files"})
    for system in ("hubspot", "dynamics"):
        fields = comparable_fields(found.systems[system].types[ActivityType.CALL])
        assert {"hubspot_files", "dynamics_files"} <= fields
    assert found.systems["hubspot"].revision != shipped().systems["hubspot"].revision


def test_in_a_one_way_sync_the_files_of_the_source_alone_are_a_field() -> None:
    found = with_files(shipped(), {TO_DYNAMICS: TYPES, TO_HUBSPOT: ()})

    assert "dynamics_files" not in found.systems["hubspot"].types[ActivityType.CALL].fields
    assert found.carried == with_files(found, {}).carried
    assert found.carried[TO_HUBSPOT.name, ActivityType.CALL].left_out == {"hubspot_files"}
    assert not any(one.one_way for one in found.carried.values())


def test_a_field_or_a_label_of_peoples_own_is_not_taken_over() -> None:
    own = configured("call", {"hubspot_files": {"from": "x", "no_place": "append", "label": "Attachment"}}, {})
    named = configured("call", {"papers": {"from": "x", "no_place": "append", "label": "Attachment"}}, {})

    assert [(one.flow, one.type, one.field) for one in with_files(own, BOTH).problems] == [
        (TO_DYNAMICS.name, "call", "hubspot_files")
    ]
    rule = with_files(named, BOTH).systems["dynamics"].types[ActivityType.CALL].fields["hubspot_files"]
    assert rule.label == "Attached file"


@given(st.lists(files, max_size=6), st.sampled_from(TYPES), st.sampled_from([TO_DYNAMICS, TO_HUBSPOT]), st.booleans())
def test_a_list_reads_back_as_what_was_written_and_leaves_the_body_alone(attached, kind, flow, html) -> None:
    mapping = with_files(shipped(), BOTH).systems[flow.target].types[kind]
    name = f"{flow.source}_files"
    body = RichText("<p>Body</p>" if html else "Body", html=html)
    bare = encode_fields(mapping, {"body": body})

    written = encode_fields(mapping, {"body": body, name: list_files(attached, opens_at=OPENS)})
    read = decode_fields(mapping, written.properties)

    assert read[name] == written.intended[name]
    assert read["body"] == bare.intended["body"]
    again = encode_fields(mapping, {"body": body, name: read[name]}, limits={})
    assert again.properties == written.properties


def shipped() -> Mappings:
    """As nobody has configured anything."""
    return Mappings({system: load_mapping(system) for system in ("hubspot", "dynamics")}, {})
