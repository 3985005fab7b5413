"""What a zip is: checked as a whole, then read for what it says of itself."""

from typing import IO

import msgspec

from ostinato import archives
from ostinato.app.yaml_files import parse
from ostinato.archives import Archive
from ostinato.core import talend_jobs
from ostinato.core.artifacts import MANIFEST, Described, Manifest, SqlEntry, described, problems_with
from ostinato.core.definition_values import convert
from ostinato.core.errors import Invalid, Problem
from ostinato.core.parameter_references import require_literals

LARGEST_MANIFEST = 1_000_000
LARGEST_SCRIPT = 10_000_000


def read(file: IO[bytes]) -> Described:
    """Raises Invalid with what is wrong with the zip, or with what it says. Reads everything: call it from a thread."""
    with archives.opened(file) as archive:
        archive.verify()
        files = archive.files
        if MANIFEST in files:
            return _own(archive, files)
        if (info := talend_jobs.info_file(files)) is not None:
            return _talend(archive, files, info)
    message = f"there is neither {MANIFEST} at the root of the zip, nor {talend_jobs.INFO} as Talend Studio writes it"
    raise Invalid(Problem(path="file", message=message))


def _own(archive: Archive, files: list[str]) -> Described:
    sources = parse(MANIFEST, archive.text(MANIFEST, LARGEST_MANIFEST))
    if len(sources) != 1:
        raise Invalid(Problem(file=MANIFEST, line=1, message="it has to hold one document"))
    _, manifest, problems = convert(sources[0].data, Manifest, sources[0].problem)
    if problems:
        raise Invalid(*problems)
    found = described(manifest)
    script = None
    if isinstance(found.entry, SqlEntry):
        if found.entry.script not in files:
            raise Invalid(sources[0].problem(("script",), f"there is no file {found.entry.script!r} in the zip"))
        script = archive.text(found.entry.script, LARGEST_SCRIPT)
        try:
            require_literals(found.entry.script, script)
        except ValueError as error:
            raise Invalid(Problem(message=str(error))) from error
    if problems := problems_with(found, files, script):
        raise Invalid(*(msgspec.structs.replace(problem, file=MANIFEST) for problem in problems))
    return found


def _talend(archive: Archive, files: list[str], info_path: str) -> Described:
    info = talend_jobs.properties(archive.text(info_path, LARGEST_MANIFEST))
    launcher = talend_jobs.launcher_of(info, info_path, files)
    context = talend_jobs.context_file(info, launcher, files)
    variables = talend_jobs.properties(archive.text(context, LARGEST_MANIFEST)) if context else {}
    return talend_jobs.described(info, launcher, variables)
