"""YAML: what scalars mean, where things stand, and files that were written to do harm."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ostinato.app.definitions import decode
from ostinato.app.yaml_files import dump, parse
from ostinato.core.errors import Invalid

SCALARS = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
DATA = st.recursive(
    SCALARS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS.filter(lambda key: key != "<<"), inner, max_size=4)
    ),
    max_leaves=12,
)


def only(text):
    (source,) = parse("a.yaml", text)
    return source.data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("0", 0),
        ("08", "08"),
        ("007", "007"),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1.2.3", "1.2.3"),
        ("123456789012345678", 123456789012345678),
        ("2026-03-01", "2026-03-01"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("=", "="),
    ],
)
def test_a_scalar_means_what_the_core_schema_says(text, value):
    data = only(f"a: {text}\n")

    assert data == {"a": value}
    assert type(data["a"]) is type(value)


def test_every_part_knows_its_line():
    (source,) = parse(
        "a.yaml", "tasks:\n  - name: a\n    config:\n      query: |\n        one\n        two\n  - name: b\n"
    )

    assert source.lines["tasks",] == 2
    assert source.keys["tasks",] == 1
    assert source.lines["tasks", 0] == 2
    assert source.keys["tasks", 0, "config"] == 3
    assert source.lines["tasks", 0, "config", "query"] == 4
    assert source.lines["tasks", 1, "name"] == 7


def test_an_alias_stands_for_a_whole_value_again():
    assert only("a: &one {x: [1]}\nb: *one\n") == {"a": {"x": [1]}, "b": {"x": [1]}}


def test_documents_without_content_are_left_out():
    assert [source.data for source in parse("a.yaml", "---\n---\na: 1\n---\n# nothing\n")] == [{"a": 1}]


def test_line_ends_of_windows_and_a_byte_order_mark_are_read():
    assert only("\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n") == {"a": 1, "b": "x\ny\n"}


def test_bytes_that_are_no_text_are_refused_at_their_line():
    with pytest.raises(Invalid, match=r"a.yaml:2: the file is not UTF-8 text: byte 0xfc cannot be read"):
        decode("a.yaml", "a: 1\nb: ü\n".encode("latin-1"))


def test_bytes_are_decoded():
    assert decode("a.yaml", b"\xef\xbb\xbfa: \xc3\xbc") == "a: ü"


@pytest.mark.parametrize("text", ["a: \x07", "a: 1\nb: \x00"])
def test_control_characters_are_refused_at_their_line(text):
    with pytest.raises(
        Invalid, match=rf"a.yaml:{text.count(chr(10)) + 1}: the character U\+000\d may not stand in YAML"
    ):
        parse("a.yaml", text)


def test_half_of_a_surrogate_pair_is_refused():
    with pytest.raises(Invalid, match=r"a.yaml:2: half of a surrogate pair"):
        parse("a.yaml", "a: 1\nb: \ud800\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 200_000, "nested more than 60 deep"),
        ("- " * 100_000, "nested more than 60 deep"),
        ("{a: " * 50_000, "nested more than 60 deep"),
        ("".join(f"- &a{n} [{f'*a{n - 1}' if n else ''}]\n" for n in range(100)), "nested more than 60 deep"),
        ("- a\n" * 200_001, "more than 200,000 values"),
        ("a: &a [" + "x, " * 1000 + "]\nb: [" + "*a, " * 1000 + "]\n", "more than 200,000 values"),
        ("a: " + "x" * 10_000_000, "larger than 10 MB"),
    ],
    ids=["brackets", "dashes", "braces", "aliases in aliases", "values", "aliases", "size"],
)
def test_a_file_that_would_take_for_ever_is_refused_at_once(text, message):
    with pytest.raises(Invalid, match=message):
        parse("a.yaml", text)


@given(DATA)
def test_what_is_written_is_read_back(data):
    wrapped = {"data": data}

    assert only(dump(wrapped)) == wrapped


@given(TEXTS)
def test_what_is_written_as_text_is_text_for_other_readers_too(text):
    assert yaml.safe_load(dump({"data": text})) == {"data": text}


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"#%@`,? \n\t~")))
def test_any_text_is_read_or_refused(text):
    problems = ()
    try:
        parse("a.yaml", text)
    except Invalid as refusal:
        problems = refusal.problems

    assert all(problem.line and problem.message for problem in problems)
