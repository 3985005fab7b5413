"""Everything that can be refused, as exceptions with fields.

    OstinatoError
    +-- Unauthenticated   no credential, or none that is known
    +-- Forbidden         the actor lacks a permission
    +-- NotFound          it does not exist, or the actor may not know that it does
    +-- Conflict          it is not possible in the present state
    +-- Invalid           the input is wrong; carries every problem found
    +-- TooLarge          the request body is larger than allowed
    +-- TooMany           there were too many failures before: later
    +-- Unavailable       the database, or another server that is needed, does not answer at the moment

Each dialect has one table from these classes to its own status codes and bodies. Failure of user work is not an
exception but an `Outcome`.
"""

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with an input, where it is, and what would be right.

    `path` is written like `tasks[2].config.query`; `line` counts from 1 within `file`.
    """

    message: str
    path: str = ""
    file: str | None = None
    line: int | None = None
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        what = f"{self.path}: {self.message}" if self.path else self.message
        return f"{place}{what}"


class OstinatoError(Exception):
    """Base of all refusals; the text says what to do."""


class Unauthenticated(OstinatoError):
    pass


class Forbidden(OstinatoError):
    pass


class NotFound(OstinatoError):
    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"{kind} {key!r} does not exist, or you may not see it")
        self.kind, self.key = kind, key


class Conflict(OstinatoError):
    pass


class Invalid(OstinatoError):
    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


class TooLarge(OstinatoError):
    pass


class TooMany(OstinatoError):
    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait
        """Seconds until it is worth to try again."""


class Unavailable(OstinatoError):
    pass
