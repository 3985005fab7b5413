"""What a zip that Talend Studio built says of itself: `jobInfo.properties`, and the properties of its context."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ostinato.core.artifacts import ArtifactParameter, Described, TalendEntry
from ostinato.core.errors import Invalid, Problem
from ostinato.core.parameters import LONGEST_VALUE, MOST_PARAMETERS

INFO = "jobInfo.properties"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
PAIR = re.compile(r"(?P<key>(?:[^\\:=\s]|\\.)+)[ \t\f]*[:=]?[ \t\f]*(?P<value>.*)", re.DOTALL)
ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"}
LETTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def properties(text: str) -> dict[str, str]:
    """The pairs of a Java properties file."""
    joined = re.sub(r"(?<!\\)((?:\\\\)*)\\\r?\n[ \t\f]*", r"\1", text)
    pairs = {}
    for line in joined.splitlines():
        stripped = line.lstrip(" \t\f")
        found = PAIR.fullmatch(stripped) if stripped and stripped[0] not in "#!" else None
        if found:
            pairs[_unescaped(found["key"])] = _unescaped(found["value"])
    return pairs


def info_file(files: Iterable[str]) -> str | None:
    """The path of `jobInfo.properties`, at the root or one folder deep."""
    found = [file for file in files if file == INFO or (file.count("/") == 1 and file.endswith(f"/{INFO}"))]
    return min(found, key=len, default=None)


def launcher_of(info: Mapping[str, str], info_path: str, files: Sequence[str]) -> str:
    """The path of the script that starts the job; raises Invalid."""
    job = info.get("job", "").strip()
    if not job:
        raise Invalid(Problem(path=info_path, message="it has no 'job': build the job again in Studio"))
    root = info_path.removesuffix(INFO)
    wanted = f"{root}{job}/{job}_run.sh"
    found = next((file for file in files if file.casefold() == wanted.casefold()), None)
    if found is None:
        message = f"there is no launcher {wanted!r} in the zip: build the job with its Unix launcher"
        raise Invalid(Problem(path=info_path, message=message))
    return found


def context_file(info: Mapping[str, str], launcher: str, files: Iterable[str]) -> str | None:
    """The properties of the chosen context, of the job itself rather than of one that it calls."""
    folder = launcher.rpartition("/")[0]
    version = info.get("jobVersion", "").replace(".", "_")
    name = f"contexts/{info.get('contextName') or 'Default'}.properties"
    own = f"/{info['job'].strip()}_{version}/{name}".casefold()
    found = [file for file in files if file.startswith(f"{folder}/") and f"/{file}".endswith(f"/{name}")]
    return min(found, key=lambda file: (not file.casefold().endswith(own), file.count("/"), file), default=None)


def described(info: Mapping[str, str], launcher: str, context: Mapping[str, str]) -> Described:
    """A job; the variables of its context are its parameters."""
    job, version = info["job"].strip(), info.get("jobVersion", "").strip()
    parameters = tuple(
        ArtifactParameter(name=name, default=value[:LONGEST_VALUE].replace("\x00", "") or None)
        for name, value in list(context.items())
        if NAME.fullmatch(name)
    )
    return Described(
        entry=TalendEntry(launcher=launcher, job=job),
        parameters=parameters[:MOST_PARAMETERS],
        name=job[:200],
        version=version if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}", version) else None,
    )


def arguments(values: Mapping[str, str]) -> list[str]:
    """Values as the arguments of a launcher, which takes escapes in them back."""
    pairs = (("--context_param", f"{name}={escaped(value)}") for name, value in values.items())
    return [part for pair in pairs for part in pair]


def connection_variables(app: str, values: Mapping[str, str]) -> dict[str, str]:
    """The context variables by which a job knows the connection to an application."""
    return {f"connection_{app}_{name}": value for name, value in values.items()}


def escaped(value: str) -> str:
    return "".join(ESCAPES.get(character, character) for character in value)


def _unescaped(text: str) -> str:
    def put(found: re.Match[str]) -> str:
        what = found[1]
        if len(what) == 5:
            character = chr(int(what[1:], 16))
            return "\ufffd" if "\ud800" <= character <= "\udfff" else character
        return LETTERS.get(what, what)

    return ESCAPE.sub(put, text)
