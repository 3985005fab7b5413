"""Work that moves or changes something: a program, a transfer of rows, a script of SQL, or a published artifact."""

from typing import TypeAlias

from ostinato.core.artifacts import ArtifactRef
from ostinato.core.contracts import Context, Example, Outcome
from ostinato.core.errors import Invalid
from ostinato.core.states import Reason
from ostinato.tasks.package import artifact as packed
from ostinato.tasks.package import command, sql, transfer

name = "Package"
title = "Package"

Config: TypeAlias = command.Command | transfer.Transfer | sql.Script | packed.Artifact

examples: tuple[Example, ...] = (*command.examples, *transfer.examples, *sql.examples, *packed.examples)


def connections(config: Config) -> frozenset[str]:
    match config:
        case command.Command():
            return frozenset()
        case transfer.Transfer():
            return frozenset({config.source.connection, config.target.connection})
        case sql.Script():
            return frozenset({config.connection})
        case packed.Artifact():
            return packed.connections(config)


def artifact(config: Config) -> ArtifactRef | None:
    return packed.names(config) if isinstance(config, packed.Artifact) else None


def run(config: Config, context: Context) -> Outcome:
    try:
        match config:
            case command.Command():
                return command.run(config, context)
            case transfer.Transfer():
                return transfer.run(config, context)
            case sql.Script():
                return sql.run(config, context)
            case packed.Artifact():
                return packed.run(config, context)
    except Invalid as refusal:
        return Outcome(succeeded=False, message=str(refusal), reason=Reason.INVALID)
