"""Why a command ends without success, and the exit code that says so.

0 success; 1 the run failed, or the server refused; 2 wrong usage or a wrong setting; 3 the server is not reachable.
"""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


class Failure(Exception):
    """Ends the command; the text goes to stderr."""

    code = 1


class WrongUsage(Failure):
    code = 2


class NotReachable(Failure):
    code = 3


class Refused(Failure):
    """The server answered, and said no."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
