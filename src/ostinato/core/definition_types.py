"""Types as `msgspec.inspect` describes them: taken apart, put into words, and made into types again."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import inspect

BOUNDS = ("gt", "ge", "lt", "le", "multiple_of")
WORDS: dict[type[inspect.Type], str] = {
    inspect.StructType: "a mapping",
    inspect.BoolType: "true or false",
    inspect.NoneType: "nothing",
    inspect.DateType: "a date such as 2026-03-01",
}
LENGTHS = ("min_length", "max_length", "pattern")


@lru_cache(maxsize=500)
def described(wanted: Any) -> inspect.Type:
    return inspect.type_info(wanted)


def describe(kind: inspect.Type) -> str:
    """A type in words."""
    if words := extra(kind).get("words"):
        return str(words)
    match bare(kind):
        case inspect.UnionType(types=types):
            return " or ".join(dict.fromkeys(describe(branch) for branch in types if not is_none(branch)))
        case inspect.IntType() | inspect.FloatType() as number:
            return ("a whole number" if isinstance(number, inspect.IntType) else "a number") + _range_words(number)
        case inspect.StrType() as text:
            return f"text{_length_words(text)}"
        case inspect.ListType() | inspect.VarTupleType() | inspect.DictType() as items:
            return ("a mapping" if isinstance(items, inspect.DictType) else "a list") + _size_words(items)
        case inspect.EnumType() | inspect.LiteralType() as choice:
            return f"one of {', '.join(str(value) for value in choices(choice))}"
        case other:
            return WORDS.get(type(other), "a value")


def branches(kind: inspect.Type) -> Sequence[inspect.Type]:
    """The types a value may have, each with its constraints; one, if it is no union."""
    inner = bare(kind)
    if isinstance(inner, inspect.UnionType):
        return [leaf for branch in inner.types for leaf in branches(branch)]
    return [kind]


def tagged(kinds: Iterable[inspect.Type]) -> list[inspect.StructType]:
    structs = [struct for kind in kinds if isinstance(struct := bare(kind), inspect.StructType)]
    return [struct for struct in structs if struct.tag_field]


def shown(data: Any) -> str:
    """A value in words, short."""
    match data:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return str(data).lower()
        case str() if len(data) > 60:
            return f"{data[:60]!r}..."
        case _:
            return repr(data)


def bare(kind: inspect.Type) -> inspect.Type:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def extra(kind: inspect.Type) -> dict[str, Any]:
    return (kind.extra or {}) if isinstance(kind, inspect.Metadata) else {}


def is_secret(kind: inspect.Type) -> bool:
    """Whether values are secret, or mappings of secrets."""
    inner = bare(kind)
    return bool(_marked(kind)) or (isinstance(inner, inspect.DictType) and is_secret(inner.value_type))


def _marked(kind: inspect.Type) -> bool:
    """Whether a mark is on any of the annotations around a type."""
    while isinstance(kind, inspect.Metadata):
        if (kind.extra or {}).get("secret"):
            return True
        kind = kind.type
    return False


def is_none(kind: inspect.Type) -> bool:
    return isinstance(bare(kind), inspect.NoneType)


def choices(kind: inspect.Type) -> list[Any]:
    if isinstance(kind, inspect.EnumType):
        return [member.value for member in kind.cls]
    return list(kind.values) if isinstance(kind, inspect.LiteralType) else []


def annotation(kind: inspect.Type) -> Any:
    """A type that converts as this description says; of lists and mappings, only that they are such."""
    match kind:
        case inspect.IntType() | inspect.FloatType():
            return Annotated[int if isinstance(kind, inspect.IntType) else float, _meta(kind, *BOUNDS)]
        case inspect.StrType():
            return Annotated[str, _meta(kind, *LENGTHS)]
        case inspect.EnumType(cls=cls):
            return cls
        case inspect.LiteralType(values=values):
            return Literal[tuple(values)]
        case inspect.DateType():
            return date
        case inspect.ListType() | inspect.VarTupleType():
            return list[Any]
        case inspect.DictType() | inspect.StructType():
            return dict[str, Any]
        case _:
            return bool if isinstance(kind, inspect.BoolType) else None if is_none(kind) else Any


def _meta(kind: inspect.Type, *names: str) -> msgspec.Meta:
    return msgspec.Meta(**{name: getattr(kind, name) for name in names})


def _range_words(kind: inspect.IntType | inspect.FloatType) -> str:
    least, most = kind.ge, kind.le
    if least is not None and most is not None:
        return f" from {least} to {most}"
    bounds = ((kind.gt, "more than"), (least, "at least"), (kind.lt, "less than"), (most, "at most"))
    words = [f"{word} {bound}" for bound, word in bounds if bound is not None]
    return f" of {' and '.join(words)}" if words else ""


def _length_words(kind: inspect.StrType) -> str:
    least, most = kind.min_length or 0, kind.max_length
    if most is not None:
        return f" of {least} to {most} characters"
    if kind.pattern:
        return f" that matches {kind.pattern}"
    return "" if not least else " that is not empty" if least == 1 else f" of at least {least} characters"


def _size_words(kind: inspect.ListType | inspect.VarTupleType | inspect.DictType) -> str:
    least, most = kind.min_length or 0, kind.max_length
    if most is not None:
        return f" of {least} to {most}" if least else f" of at most {most}"
    return "" if not least else f" of at least {least}"
