"""A task type for tests, installed through the same door as every other: it does what its config says."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import msgspec

from ostinato.core.contracts import Context, Finding, Outcome
from ostinato.core.states import Reason

name = "Probe"
title = "Does what a test wants"
examples = ()

LONGEST_WAIT_FOR_OTHERS = 10.0
"""Seconds after which one of a crowd goes on alone."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    do: str = "succeed"
    """succeed, fail, raise, die, wait (until `file` exists), deaf (wait, and not be ended), fail_until (try `n`)"""
    file: str = ""
    number: int = 0
    mark: str = ""
    """A file to which every attempt adds a line."""


def connections(config: Config) -> frozenset[str]:
    return frozenset()


def run(config: Config, context: Context) -> Outcome:
    context.log(f"attempt {context.attempt} does: {config.do}")
    if config.mark:
        with Path(config.mark).open("a") as mark:
            mark.write(f"{context.run} {context.attempt}\n")
    return _ACTIONS[config.do](config, context)


def _succeed(config: Config, context: Context) -> Outcome:
    context.progress(3, 3)
    return Outcome(succeeded=True, rows=3, counts={"seen": 3})


def _fail(config: Config, context: Context) -> Outcome:
    finding = Finding(kind="row", row={"id": 1})
    return Outcome(
        succeeded=False, reason=Reason.CHECK_FAILED, message="1 row breaks the rule", rows=1, findings=(finding,)
    )


def _raise(config: Config, context: Context) -> Outcome:
    raise ValueError("the probe was told to raise")


def _die(config: Config, context: Context) -> Outcome:
    os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(succeeded=True)


def _wait(config: Config, context: Context) -> Outcome:
    while not Path(config.file).exists():
        time.sleep(0.01)
    return Outcome(succeeded=True)


def _deaf(config: Config, context: Context) -> Outcome:
    context.on_cancel(lambda: None)
    return _wait(config, context)


def _fail_until(config: Config, context: Context) -> Outcome:
    if context.attempt < config.number:
        return Outcome(succeeded=False, reason=Reason.ERROR, message="not yet")
    return Outcome(succeeded=True)


def _leave_child(config: Config, context: Context) -> Outcome:
    """Die and leave a child that still has everything open that we had; the second attempt succeeds."""
    if context.attempt > 1:
        return Outcome(succeeded=True)
    if os.fork() == 0:
        _wait(config, context)
        os._exit(0)
    return _die(config, context)


def _say_nonsense(config: Config, context: Context) -> Outcome:
    context.log("half a character: \ud800")
    return Outcome(succeeded=False, reason=Reason.ERROR, message="half a character: \ud800 and a zero: \x00")


def _find_much(config: Config, context: Context) -> Outcome:
    found = [Finding(kind="row", row={"id": number, "text": "x" * 10_000}) for number in range(config.number)]
    return Outcome(succeeded=False, reason=Reason.CHECK_FAILED, message="much", rows=config.number, findings=found)


def _chatter(config: Config, context: Context) -> Outcome:
    for number in range(config.number):
        context.log(f"line {number}")
    return Outcome(succeeded=True)


def _crowd(config: Config, context: Context) -> Outcome:
    """Wait until `number` were there at the same time, stay for a moment, and write down how many are there."""
    here, told = Path(f"{config.file}.{context.run}"), Path(config.file)
    here.touch()
    last = time.monotonic() + LONGEST_WAIT_FOR_OTHERS
    while _present(here) < config.number and not _was_reached(told, config.number) and time.monotonic() < last:
        time.sleep(0.005)
    time.sleep(0.05)
    with told.open("a") as file:
        file.write(f"{_present(here)}\n")
    here.unlink()
    return Outcome(succeeded=True)


def _present(here: Path) -> int:
    return len(list(here.parent.glob(f"{here.stem}.*")))


def _was_reached(told: Path, number: int) -> bool:
    return told.exists() and any(int(line) >= number for line in told.read_text().splitlines())


def _fail_while(config: Config, context: Context) -> Outcome:
    """Fail as long as there is `file`."""
    failed = Path(config.file).exists()
    return Outcome(succeeded=not failed, reason=Reason.ERROR if failed else None, message="the file is there" * failed)


def _fail_until_marked(config: Config, context: Context) -> Outcome:
    """Fail until there are `number` marks, of whatever attempts."""
    enough = len(Path(config.mark).read_text().splitlines()) >= config.number
    return Outcome(succeeded=enough, reason=None if enough else Reason.ERROR)


def _say_parameters(config: Config, context: Context) -> Outcome:
    context.log(str(dict(sorted(context.parameters.items()))))
    return Outcome(succeeded=True)


def _claim_to_be_cancelled(config: Config, context: Context) -> Outcome:
    return Outcome(succeeded=False, reason=Reason.CANCEL_REQUESTED, message="I was not asked to end")


def _say_much_at_once(config: Config, context: Context) -> Outcome:
    context.log("x" * config.number)
    return Outcome(succeeded=True)


_ACTIONS: dict[str, Any] = {
    "succeed": _succeed,
    "fail": _fail,
    "raise": _raise,
    "die": _die,
    "wait": _wait,
    "deaf": _deaf,
    "fail_until": _fail_until,
    "leave_child": _leave_child,
    "say_nonsense": _say_nonsense,
    "find_much": _find_much,
    "chatter": _chatter,
    "crowd": _crowd,
    "claim_to_be_cancelled": _claim_to_be_cancelled,
    "say_much_at_once": _say_much_at_once,
    "fail_while": _fail_while,
    "fail_until_marked": _fail_until_marked,
    "say_parameters": _say_parameters,
}
