"""What came of fires that were made together."""

from collections.abc import Mapping, Sequence

import structlog

from ostinato.app.starts import AlreadyFired, AtWork
from ostinato.core.errors import Invalid, OstinatoError, Unavailable
from ostinato.core.ids import RunId

log = structlog.get_logger()


def tell(what: Sequence[Mapping[str, object]], fired: Sequence[RunId | BaseException]) -> int:
    """Log what could not be done; how many were fired or refused, and are not to be tried again at once. What
    another server has fired, or somebody is changing, is looked at again later. Raises what ends the loop.

    `what` says of each in the log which one it is.
    """
    moved = len(fired)
    for which, answer in zip(what, fired, strict=True):
        match answer:
            case AlreadyFired() | AtWork():
                moved -= 1
            case Unavailable():
                raise answer
            case Invalid():
                moved -= 1
                log.error("fire.impossible", why=str(answer), **which)
            case OstinatoError():
                log.warning("fire.not_started", why=str(answer), **which)
            case Exception():
                moved -= 1
                log.error("fire.failed", exc_info=answer, **which)
            case BaseException():
                raise answer
    return moved
