"""What zips say of themselves, and the values that their runs get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.core import talend_jobs
from ostinato.core.artifacts import place_of, values_for
from ostinato.core.parameters import Parameter

PROPERTIES = [
    ("a=1\nb: 2\nc 3\n d\t=\t4 \n", {"a": "1", "b": "2", "c": "3", "d": "4 "}),
    ("# no\n! no\n\n   \nkey\n", {"key": ""}),
    ("a=b=c\nurl=http\\://x\npath=C\\:\\\\temp\n", {"a": "b=c", "url": "http://x", "path": "C:\\temp"}),
    ("long=one, \\\n    two\nend=\\\\\nnext=1\n", {"long": "one, two", "end": "\\", "next": "1"}),
    ("e=\\u00e9\\t\\n\nwith\\ space=x\n", {"e": "é\t\n", "with space": "x"}),
    ("half=\\ud800\nodd=\\u12\n", {"half": "\ufffd", "odd": "u12"}),
    ("a=1\r\nb=2\r\na=3", {"a": "3", "b": "2"}),
]


@pytest.mark.parametrize(("text", "pairs"), PROPERTIES)
def test_properties_are_read_as_java_reads_them(text: str, pairs: dict[str, str]) -> None:
    assert talend_jobs.properties(text) == pairs


@given(st.text())
def test_any_text_can_be_read_as_properties(text: str) -> None:
    for key, value in talend_jobs.properties(text).items():
        assert isinstance(key, str)
        assert isinstance(value, str)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text()))
def test_a_launcher_gets_every_value_on_one_line(values: dict[str, str]) -> None:
    arguments = talend_jobs.arguments(values)
    assert arguments[::2] == ["--context_param"] * len(values)
    for (name, value), argument in zip(values.items(), arguments[1::2], strict=True):
        assert argument.startswith(f"{name}=")
        assert not {"\n", "\r", "\t"} & set(argument)
        assert ("\\" in argument) == any(c in value for c in "\\\n\r\t\f\b")


def test_values_come_from_the_trigger_then_the_task_then_the_artifact() -> None:
    artifact = {
        "a": Parameter(type="integer", default=1),
        "b": Parameter(default="of the artifact"),
        "c": Parameter(),
        "d": Parameter(required=True),
    }
    task = {"a": Parameter(type="integer", default=2), "d": Parameter()}
    found = values_for(artifact, task, [{"a": 3}, {"c": "of the environment"}])
    assert found.values == {"a": 3, "b": "of the artifact", "c": "of the environment"}
    assert [str(problem) for problem in found.problems] == ["parameters.d: it is required and has no value"]
    assert values_for(artifact, {**task, "d": Parameter(default="x")}, []).values == {
        "a": 2,
        "b": "of the artifact",
        "d": "x",
    }
    unknown = values_for({}, {"z": Parameter()}, [])
    assert [problem.path for problem in unknown.problems] == ["parameters.z"]


def test_content_has_one_place() -> None:
    assert place_of("abcdef") == "ab/cdef"
