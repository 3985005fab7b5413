"""YAML as plain data with line numbers, and plain data as YAML.

Scalars mean what the core schema of YAML 1.2 says, with one exception: a number with leading zeros stays text, as do
`yes`, `no`, `on`, `off`, dates and everything in quotes. Documents are built from parse events and not by the loader,
which recurses in C and dies of deep nesting; aliases are followed within bounds, and what they stand for counts each
time.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from ostinato.core.definitions import Path, Source, written
from ostinato.core.errors import Invalid, Problem

MOST_CHARACTERS = 10_000_000
MOST_NODES = 200_000
TOO_MANY = f"more than {MOST_NODES:,} values, aliases followed: split the file"
DEEPEST = 60
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
UNSAFE_IN_A_BLOCK = re.compile(
    r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]"
)


@dataclass(slots=True)
class _Node:
    """`content` is a scalar, a list of nodes, or a list of pairs of nodes."""

    line: int
    content: Any
    kind: type
    complete: bool = False


@dataclass(slots=True)
class _File:
    name: str
    text: str
    nodes: int = 0
    lines: dict[Path, int] = field(default_factory=dict)
    keys: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, line: int, message: str, path: Path = ()) -> Invalid:
        return Invalid(Problem(file=self.name, line=line, path=written(path), message=message))


def decode(name: str, raw: bytes) -> str:
    """The text of a file; raises Invalid if it is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        message = f"the file is not UTF-8 text: byte 0x{byte:02x} cannot be read; save it as UTF-8"
        raise Invalid(Problem(file=name, line=line, message=message)) from error


def parse(name: str, text: str) -> list[Source]:
    """The documents of a file that hold anything; raises Invalid with every problem that can be told apart."""
    file = _File(name, text.removeprefix("\ufeff"))
    if len(text) > MOST_CHARACTERS:
        raise file.refuse(1, "the file is larger than 10 MB: split it")
    if not text.isascii() and (half := re.search("[\ud800-\udfff]", text)):
        line = text.count("\n", 0, half.start()) + 1
        raise file.refuse(line, "half of a surrogate pair stands here, which is no text: save the file as UTF-8")
    sources = []
    try:
        for node in _documents(file):
            file.lines, file.keys = {}, {}
            data = _plain(file, node, ())
            sources.append(Source(file=name, data=data, lines=file.lines, keys=file.keys))
    except yaml.YAMLError as error:
        raise Invalid(*file.problems, _syntax(file, error)) from error
    except Invalid as refusal:
        raise Invalid(*file.problems, *refusal.problems) from refusal
    if file.problems:
        raise Invalid(*file.problems)
    return [source for source in sources if source.data is not None]


def dump(data: Any) -> str:
    """Plain data as YAML that `parse` reads back to the same: blocks, in the order given, long texts as they are."""
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096, default_flow_style=False
    )
    return text


def _documents(file: _File) -> Iterator[_Node]:
    """The root node of each document."""
    open_nodes: list[_Node] = []
    anchors: dict[str, _Node] = {}
    parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for number, event in enumerate(yaml.parse(file.text, Loader=parser)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if number > 2 * MOST_NODES:
            raise file.refuse(line, TOO_MANY)
        match event:
            case yaml.DocumentStartEvent():
                anchors = {}
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                open_nodes.append(_begun(file, event, anchors, line))
                if len(open_nodes) > DEEPEST:
                    raise file.refuse(line, f"nested more than {DEEPEST} deep")
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                node = open_nodes.pop()
                node.complete = True
                if not open_nodes:
                    yield node
                else:
                    open_nodes[-1].content.append(node)
            case yaml.ScalarEvent() | yaml.AliasEvent():
                node = _leaf(file, event, anchors, line)
                if not open_nodes:
                    yield node
                else:
                    open_nodes[-1].content.append(node)


def _begun(file: _File, event: Any, anchors: dict[str, _Node], line: int) -> _Node:
    kind = list if isinstance(event, yaml.SequenceStartEvent) else dict
    if event.tag not in (None, "!", f"tag:yaml.org,2002:{'seq' if kind is list else 'map'}"):
        file.problems.append(_tag_problem(file, event.tag, line))
    node = _Node(line, [], kind)
    if event.anchor:
        anchors[event.anchor] = node
    return node


def _leaf(file: _File, event: Any, anchors: dict[str, _Node], line: int) -> _Node:
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            raise file.refuse(line, f"*{event.anchor} refers to nothing: there is no &{event.anchor} before it")
        if not anchors[event.anchor].complete:
            raise file.refuse(line, f"*{event.anchor} contains itself")
        return anchors[event.anchor]
    if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
        file.problems.append(_tag_problem(file, event.tag, line))
    plain = event.tag is None and event.implicit[0]
    node = _Node(line, _scalar(event.value) if plain else event.value, str, complete=True)
    if event.anchor:
        anchors[event.anchor] = node
    return node


def _tag_problem(file: _File, tag: str, line: int) -> Problem:
    return Problem(file=file.name, line=line, message=f"tags such as {tag!r} are not supported: write the value itself")


def _scalar(text: str) -> Any:
    """What a plain scalar means."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _plain(file: _File, node: _Node, path: Path) -> Any:
    """The data of a node; notes the lines, and every problem that does not stop the reading."""
    file.nodes += 1
    file.lines[path] = node.line
    if file.nodes > MOST_NODES:
        raise file.refuse(node.line, TOO_MANY)
    if len(path) > DEEPEST:
        raise file.refuse(node.line, f"nested more than {DEEPEST} deep")
    if node.kind is list:
        return [_plain(file, item, (*path, number)) for number, item in enumerate(node.content)]
    if node.kind is dict:
        return _mapping(file, node, path)
    if isinstance(node.content, str) and _unstorable(node.content):
        message = "the text has a NUL character or half of a surrogate pair, which cannot be stored"
        file.problems.append(Problem(file=file.name, line=node.line, path=written(path), message=message))
    return node.content


def _mapping(file: _File, node: _Node, path: Path) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in zip(node.content[::2], node.content[1::2], strict=True):
        problem = _key_problem(file, key, path, data)
        if problem:
            file.problems.append(Problem(file=file.name, line=key.line, path=written(path), message=problem))
            continue
        inner = (*path, key.content)
        file.keys[inner] = key.line
        data[key.content] = _plain(file, value, inner)
    return data


def _key_problem(file: _File, key: _Node, path: Path, data: dict[str, Any]) -> str | None:
    if key.kind is not str or not isinstance(key.content, str):
        shown = f" {key.content!r}" if key.kind is str else ""
        return f"a key must be text{shown and ', not' + shown}: put it in quotes"
    if key.content == "<<":
        return "merge keys (<<) are not part of YAML 1.2: repeat the fields, or use an alias for a whole value"
    if key.content in data:
        return f"the key {key.content!r} is here twice, first on line {file.keys[(*path, key.content)]}"
    return "the key has a character that cannot be stored" if _unstorable(key.content) else None


def _unstorable(text: str) -> bool:
    return "\x00" in text or (not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text))


def _syntax(file: _File, error: yaml.YAMLError) -> Problem:
    """What the parser stumbled over, in words that say what to do where that is clear."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        character = getattr(error, "character", "")
        code = ord(character) if isinstance(character, str) and character else character
        position = next((at for at, c in enumerate(file.text) if ord(c) == code), 0)
        line = file.text.count("\n", 0, position) + 1
        shown = f" U+{code:04X}" if isinstance(code, int) else ""
        return Problem(file=file.name, line=line, message=f"the character{shown} may not stand in YAML")
    line, rest = mark.line + 1, _rest_of_line(file.text, mark.line, mark.column)
    if rest.startswith("\t"):
        message = "a tab cannot indent YAML: use spaces"
    else:
        message = f"not valid YAML: {getattr(error, 'problem', None) or error}{_context(error, line)}"
        if rest[:1] in ("@", "`", "%"):
            message += f"; put the text that begins with {rest[0]} in quotes"
    return Problem(file=file.name, line=min(line, file.text.count("\n") + 1), message=message)


def _context(error: yaml.YAMLError, line: int) -> str:
    context, mark = getattr(error, "context", None), getattr(error, "context_mark", None)
    if not context:
        return ""
    begun = f" that begins on line {mark.line + 1}" if mark is not None and mark.line + 1 != line else ""
    return f" ({context}{begun})"


def _rest_of_line(text: str, line: int, column: int) -> str:
    lines: Sequence[str] = text.split("\n", line + 1)
    return lines[line][column:] if line < len(lines) else ""


class _Dumper(yaml.SafeDumper):
    """Quotes what either version of YAML takes for something else than text, and indents lists."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if UNSAFE_IN_A_BLOCK.search(text):
        style = '"'
    elif "\n" in text:
        lines = text.split("\n")
        plain = lines[0][:1] not in ("", " ") and not any(line.endswith(" ") for line in lines)
        style = "|" if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(f"^(?:{INTEGER.pattern})$"), None)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(f"^(?:{FLOAT.pattern})$"), None)
