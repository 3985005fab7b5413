"""Types against data, variables, and sameness: the pure parts of definitions as code."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.contracts import Secret
from ostinato.core.definition_changes import same
from ostinato.core.definition_values import Substituted, convert, secret_fields
from ostinato.core.definition_variables import escape, placeholder, substitute
from ostinato.core.definitions import Source, written
from ostinato.core.errors import Problem
from ostinato.core.names import Key, Name


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    size: Annotated[int, msgspec.Meta(ge=1)]
    mode: Literal["fast", "slow"] = "fast"


class Outer(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="outer"):
    inner: Inner
    many: list[Inner] = []
    flag: bool = False
    number: float | None = None
    either: int | str = 0
    password: Annotated[Secret, msgspec.Meta(description="hidden")] = ""
    token: Secret | None = None
    free: dict[str, Any] = {}


class Other(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="other"):
    key: Secret


def note(path, message, allowed=(), *, at_key=False):
    return Problem(path=written(path), message=message, allowed=tuple(allowed))


def problems(data, wanted=Outer):
    return [str(problem) for problem in convert(data, wanted, note)[2]]


def test_every_problem_is_found_wherever_it_is():
    data = {"kind": "outer", "inner": {"size": 0, "mod": 1}, "many": [{"size": 1}, {}, 3], "flag": 2, "x": 1}

    assert problems(data) == [
        "x: unknown field 'x'",
        "inner.mod: unknown field 'mod': did you mean 'mode'?",
        "inner.size: expected a whole number of at least 1, not 0",
        "many[1]: the field 'size' is missing: a whole number of at least 1",
        "many[2]: expected a mapping, not 3",
        "flag: expected true or false, not 2",
    ]


@pytest.mark.parametrize(
    ("word", "meaning"), [("yes", True), ("No", False), ("on", True), ("OFF", False), (True, True)]
)
def test_the_old_words_are_true_and_false_where_such_is_expected(word, meaning):
    fitted, value, found = convert({"inner": {"size": 1}, "flag": word, "either": "yes"}, Outer, note)

    assert (fitted["flag"], value.flag, value.either, found) == (meaning, meaning, "yes", [])


def test_a_variable_may_stand_for_a_number_or_a_boolean():
    data = {"inner": {"size": Substituted("5")}, "flag": Substituted("true"), "number": Substituted("1.5")}

    fitted, value, found = convert(data, Outer, note)

    assert found == []
    assert fitted == {"inner": {"size": 5}, "flag": True, "number": 1.5}
    assert (value.inner.size, value.flag, value.number) == (5, True, 1.5)


def test_a_variable_stays_text_where_text_is_allowed():
    data = {
        "inner": {"size": 1},
        "either": Substituted("5"),
        "token": Substituted("null"),
        "free": {"a": [Substituted("1")]},
    }

    fitted, value, _ = convert(data, Outer, note)

    assert (value.either, value.token, value.free) == ("5", "null", {"a": ["1"]})
    assert type(fitted["either"]) is type(fitted["token"]) is type(fitted["free"]["a"][0]) is str


def test_text_in_quotes_is_no_number():
    assert problems({"inner": {"size": "5"}}) == [
        "inner.size: expected a whole number of at least 1, not '5': write it without quotes"
    ]


def test_no_secret_and_no_variable_is_repeated():
    data = {"inner": {"size": Substituted("s3cret")}, "password": ["s3cret"], "token": {"a": "s3cret"}}

    assert "s3cret" not in str(problems(data))
    assert len(problems(data)) == 3


def test_a_union_is_decided_by_its_tag():
    assert problems({"kind": "othr"}, Outer | Other) == ["kind: 'othr' is not allowed: did you mean 'other'?"]
    assert problems({}, Outer | Other) == ["the field 'kind' is missing: one of outer, other"]
    assert problems({"kind": "other"}, Outer | Other) == ["the field 'key' is missing: text"]


def test_secret_fields_are_found_in_every_alternative():
    assert secret_fields(Outer | Other) == {"password", "token", "key"}
    assert secret_fields(Inner) == set()


@pytest.mark.parametrize("name", ["a", "ü b", "x" * 200, "~", "../.."])
def test_a_name_may_be_nearly_anything(name):
    assert convert(name, Name, note)[2] == []


@pytest.mark.parametrize("name", ["", "x" * 201, "a\n", "a\tb", "\x7f", "a\x85"])
def test_a_name_has_no_control_characters(name):
    assert len(convert(name, Name, note)[2]) == 1


@pytest.mark.parametrize("key", ["", "A", "-a", "_a", "a b", "all", "a\n", "x" * 64])
def test_a_workspace_key_is_short_and_plain(key):
    assert len(convert(key, Key, note)[2]) == 1


@pytest.mark.parametrize("key", ["a", "0", "all-of-it", "x" * 63])
def test_a_workspace_key_may_begin_with_a_digit(key):
    assert convert(key, Key, note)[2] == []


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${A}", "1"),
        ("x${A}y${B}z", "x1y2z"),
        ("${C:-three}", "three"),
        ("${A:-three}", "1"),
        ("${C:-}", ""),
        ("${E:-x}", ""),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$A", "$A"),
        ("cost: 5$", "cost: 5$"),
    ],
)
def test_variables_are_put_into_texts(text, result):
    assert substitute({"a": [text]}, {"A": "1", "B": "2", "E": ""}, note) == ({"a": [result]}, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${AB}", "a[0]: the variable AB is not set and has no default: did you mean 'ABC'?"),
        ("${1}", "a[0]: write ${NAME} or ${NAME:-default}, or $${ where ${ itself is meant"),
        ("${A", "a[0]: write ${NAME} or ${NAME:-default}, or $${ where ${ itself is meant"),
        ("${A:default}", "a[0]: write ${NAME} or ${NAME:-default}, or $${ where ${ itself is meant"),
    ],
)
def test_variables_that_are_missing_or_badly_written_are_problems(text, message):
    assert [str(problem) for problem in substitute({"a": [text]}, {"ABC": "1"}, note)[1]] == [message]


@given(st.text(st.sampled_from("${}A:-")))
def test_what_is_escaped_comes_back(text):
    assert substitute(escape({"a": [text]}), {}, note) == ({"a": [text]}, [])


def test_a_placeholder_is_a_variable_that_nobody_else_has():
    assert placeholder("my db", "password", ()) == "MY_DB_PASSWORD"
    assert placeholder("my-db", "password", {"MY_DB_PASSWORD"}) == "MY_DB_PASSWORD_2"
    assert placeholder("2nd", "key", ()) == "_2ND_KEY"


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), ({"a": 1}, {"a": True}), ([1], [1, 2]), ("1", 1)])
def test_data_that_only_python_takes_for_the_same_differs(one, other):
    assert not same(one, other)
    assert not same(other, one)


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), ({"a": [None]}, {"a": [None]}), (1e23, 10**23), (True, True)])
def test_the_same_data_is_the_same_however_it_was_stored(one, other):
    assert same(one, other)


def test_a_problem_without_a_line_of_its_own_is_where_what_surrounds_it_begins():
    source = Source(file="a.yaml", data={}, lines={(): 1, ("tasks",): 4}, keys={("tasks",): 3})

    assert str(source.problem(("tasks", 0, "name"), "wrong")) == "a.yaml:4: tasks[0].name: wrong"
    assert source.problem(("tasks",), "wrong", at_key=True).line == 3
