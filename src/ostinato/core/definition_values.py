"""Plain data against a type, with every problem found and not only the first.

The data is walked beside the type, as `msgspec.inspect` describes it, and becomes what the type wants: the words `yes`,
`no`, `on` and `off` booleans where one is expected, and texts that came from variables numbers or booleans where such
are expected. Data without problems converts, apart from rules that only the type itself knows (`__post_init__`).
"""

import difflib
import re
from collections.abc import Iterable, Sequence, Sized
from typing import Any, Protocol

import msgspec
from msgspec import inspect

from ostinato.core.definition_types import (
    annotation,
    bare,
    branches,
    choices,
    describe,
    described,
    is_none,
    is_secret,
    shown,
    tagged,
)
from ostinato.core.definitions import Path, read_path
from ostinato.core.errors import Problem

WORDS = {"yes": True, "on": True, "no": False, "off": False}
BROKEN_RULE = re.compile(r"(?P<message>.*?)(?: - at `\$(?P<path>[^`]*)`)?", re.DOTALL)


class Substituted(str):
    """A text that variables were put into: it may stand for a number or a boolean, and no message repeats it."""

    __slots__ = ()
    INSTEAD = ", but the variable holds something else"


class Note(Protocol):
    """Makes a problem of a path within the data, and of what is wrong and what is allowed there."""

    def __call__(self, path: Path, message: str, allowed: Sequence[str] = ..., *, at_key: bool = ...) -> Problem: ...


def convert(data: Any, wanted: Any, note: Note) -> tuple[Any, Any, list[Problem]]:
    """`data` as plain data that fits, as an instance of the type `wanted` (None if there are problems), and these."""
    problems: list[Problem] = []
    fitted = _Walk(note, problems).fit(described(wanted), data, ())
    if problems:
        return fitted, None, problems
    try:
        return fitted, msgspec.convert(fitted, wanted), []
    except msgspec.ValidationError as error:
        return fitted, None, [_broken_rule(error, note)]


def secret_fields(config: Any) -> frozenset[str]:
    """The fields of a config, at its top level, that are stored encrypted."""
    return frozenset(
        field.encode_name
        for kind in map(bare, branches(described(config)))
        if isinstance(kind, inspect.StructType)
        for field in kind.fields
        if any(is_secret(branch) for branch in branches(field.type))
    )


def suggestion(wrong: object, right: Iterable[str]) -> str:
    """`: did you mean ...?` where something is near enough."""
    near = difflib.get_close_matches(str(wrong), list(right), 1, 0.6)
    return f": did you mean {near[0]!r}?" if near else ""


class _Walk:
    def __init__(self, note: Note, problems: list[Problem]) -> None:
        self._note, self._problems = note, problems

    def fit(self, kind: inspect.Type, data: Any, path: Path) -> Any:
        kinds = branches(kind)
        inner = _kind_for(kinds, data)
        if isinstance(inner, inspect.StructType):
            return self._struct(inner, data, path)
        if isinstance(inner, inspect.ListType | inspect.VarTupleType) and isinstance(data, list):
            self._sized(inner, data, path)
            return [self.fit(inner.item_type, item, (*path, number)) for number, item in enumerate(data)]
        if isinstance(inner, inspect.DictType) and isinstance(data, dict):
            return self._mapping(inner, data, path)
        if isinstance(data, dict) and tagged(kinds):
            return self._untagged(tagged(kinds), data, path)
        return self._leaf(kinds, data, path)

    def _struct(self, kind: inspect.StructType, data: Any, path: Path) -> Any:
        if not isinstance(data, dict):
            self._refuse(path, f"expected a mapping, not {shown(data)}", [field.encode_name for field in kind.fields])
            return data
        fields = {field.encode_name: field for field in kind.fields}
        names = [kind.tag_field, *fields] if kind.tag_field else list(fields)
        for key in data:
            if key not in names:
                message = f"unknown field {key!r}{suggestion(key, names)}"
                self._problems.append(self._note((*path, key), message, names, at_key=True))
        for name, field in fields.items():
            if field.required and name not in data:
                self._refuse(path, f"the field {name!r} is missing: {describe(field.type)}")
        return {
            key: self.fit(fields[key].type, value, (*path, key)) if key in fields else value
            for key, value in data.items()
        }

    def _mapping(self, kind: inspect.DictType, data: dict[str, Any], path: Path) -> dict[str, Any]:
        self._sized(kind, data, path)
        for key in data:
            if not _as_leaf(bare(kind.key_type), key)[0]:
                message = f"{key!r} cannot be a name here: expected {describe(kind.key_type)}"
                self._problems.append(self._note((*path, key), message, at_key=True))
        return {key: self.fit(kind.value_type, value, (*path, key)) for key, value in data.items()}

    def _untagged(self, structs: Sequence[inspect.StructType], data: dict[str, Any], path: Path) -> Any:
        """A mapping that could be several structs, and its tag is missing or wrong."""
        field, tags = structs[0].tag_field or "", [str(struct.tag) for struct in structs]
        if field in data:
            self._refuse((*path, field), f"{shown(data[field])} is not allowed{suggestion(data[field], tags)}", tags)
        else:
            self._refuse(path, f"the field {field!r} is missing: one of {', '.join(tags)}", tags)
        return data

    def _sized(self, kind: inspect.ListType | inspect.VarTupleType | inspect.DictType, data: Sized, path: Path) -> None:
        least, most = kind.min_length or 0, kind.max_length
        if len(data) < least or (most is not None and len(data) > most):
            self._refuse(path, f"expected {describe(kind)}, not {len(data)}")

    def _leaf(self, kinds: Sequence[inspect.Type], data: Any, path: Path) -> Any:
        for kind in sorted(kinds, key=lambda kind: not isinstance(bare(kind), inspect.StrType)):
            fits, value = _as_leaf(bare(kind), data)
            if fits:
                return value
        allowed = [str(value) for kind in kinds for value in choices(bare(kind))]
        if allowed and isinstance(data, str) and not isinstance(data, Substituted):
            self._refuse(path, f"{data!r} is not allowed{suggestion(data, allowed)}", allowed)
            return data
        words = " or ".join(dict.fromkeys(describe(kind) for kind in kinds if not is_none(kind)))
        self._refuse(path, f"expected {words}{_instead(kinds, data)}", allowed)
        return data

    def _refuse(self, path: Path, message: str, allowed: Sequence[str] = ()) -> None:
        self._problems.append(self._note(path, message, allowed))


def _instead(kinds: Sequence[inspect.Type], data: Any) -> str:
    """What there is instead of what was expected, and what to do about it; no secret is repeated."""
    if isinstance(data, Substituted):
        return data.INSTEAD
    if any(is_secret(kind) for kind in kinds):
        return ""
    text = any(isinstance(bare(kind), inspect.StrType) for kind in kinds)
    if text and isinstance(data, bool | int | float):
        return f", not {shown(data)}: put it in quotes"
    if isinstance(data, str) and any(_as_leaf(bare(kind), Substituted(data))[0] for kind in kinds):
        return f", not {shown(data)}: write it without quotes"
    return f", not {shown(data)}"


def _as_leaf(kind: inspect.Type, data: Any) -> tuple[bool, Any]:
    """Whether a scalar fits, and what it is as this type."""
    if isinstance(kind, inspect.AnyType):
        return True, _without_marks(data)
    if isinstance(kind, inspect.BoolType) and isinstance(data, str) and data.lower() in WORDS:
        return True, WORDS[data.lower()]
    strict = not isinstance(data, Substituted)
    try:
        value = msgspec.convert(_without_marks(data), annotation(kind), strict=strict)
    except msgspec.ValidationError:
        return False, data
    if isinstance(kind, inspect.StrType) and kind.pattern and kind.pattern.endswith("$"):
        # Searching, as msgspec does, `$` would also match before a line feed at the end.
        return re.fullmatch(kind.pattern, value) is not None, value
    if isinstance(kind, inspect.DateType):
        return True, str(value)
    return True, value.value if isinstance(kind, inspect.EnumType) else value


def _without_marks(data: Any) -> Any:
    match data:
        case Substituted():
            return str(data)
        case dict():
            return {key: _without_marks(value) for key, value in data.items()}
        case list():
            return [_without_marks(item) for item in data]
        case _:
            return data


def _kind_for(kinds: Sequence[inspect.Type], data: Any) -> inspect.Type | None:
    """The only kind that data of this shape can be."""
    if len(kinds) == 1:
        return bare(kinds[0])
    fitting: list[inspect.Type] = []
    if isinstance(data, list):
        fitting = [kind for kind in map(bare, kinds) if isinstance(kind, inspect.ListType | inspect.VarTupleType)]
    elif isinstance(data, dict):
        fitting = [kind for kind in map(bare, kinds) if isinstance(kind, inspect.StructType | inspect.DictType)]
        if len(fitting) > 1:
            fitting = [struct for struct in tagged(fitting) if struct.tag == data.get(struct.tag_field)]
    return fitting[0] if len(fitting) == 1 else None


def _broken_rule(error: msgspec.ValidationError, note: Note) -> Problem:
    """A rule of the type itself; msgspec appends where it was broken."""
    found = BROKEN_RULE.fullmatch(str(error))
    message, place = (found["message"], found["path"] or "") if found else (str(error), "")
    return note(read_path(place), message)
