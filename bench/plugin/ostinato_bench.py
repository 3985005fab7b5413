"""A task type that does nothing, so that a benchmark measures the engine alone."""

import msgspec

from ostinato.core.contracts import Context, Outcome

name = "Noop"
title = "Does nothing"
examples = ()


class Config(msgspec.Struct, frozen=True):
    pass


def connections(config: Config) -> frozenset[str]:
    return frozenset()


def run(config: Config, context: Context) -> Outcome:
    return Outcome(succeeded=True)
