"""An application that tasks talk to by themselves: its parameters, some of them secret.

The server opens nothing: programs, functions and jobs that come as artifacts are given the values of the connection.
"""

from typing import Annotated, NoReturn

import msgspec

from ostinato.core.contracts import ConnectionFailed, Example, Secret
from ostinato.core.names import Name

name = "application"
title = "Application"

MOST = 200
ParameterName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=200,
        pattern="^[^\x00-\x1f\x7f-\x9f=]*$",
        extra={"words": "a name of 1 to 200 characters, without '=' and control characters"},
    ),
]
Value = Annotated[str, msgspec.Meta(max_length=10_000, pattern="^[^\x00]*$", extra={"words": "text without NUL"})]


class Config(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is known of an application, by names that are its own."""

    application: Annotated[Name, msgspec.Meta(description="What it is called, such as aws or Salesforce")]
    parameters: Annotated[
        dict[ParameterName, Value], msgspec.Meta(description="Values that everybody may read", max_length=MOST)
    ] = msgspec.field(default_factory=dict)
    secrets: Annotated[
        dict[ParameterName, Annotated[Secret, msgspec.Meta(max_length=10_000, pattern="^[^\x00]*$")]],
        msgspec.Meta(description="Values that are stored encrypted, and given to runs in clear", max_length=MOST),
    ] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if both := sorted(self.parameters.keys() & self.secrets.keys()):
            raise ValueError(f"{both[0]!r} is among the parameters and among the secrets: leave it out of one of them")


examples = (
    Example(
        title="An object store, for artifacts that name the connection",
        config={
            "application": "aws",
            "parameters": {"region": "eu-central-1", "access_key": "AKIDEXAMPLE"},
            "secrets": {"secret_key": "correct horse battery staple"},
        },
    ),
)


def open(config: Config) -> NoReturn:
    raise ConnectionFailed(
        f"{config.application!r} is an application, which cannot be opened or queried: give it to an artifact, under"
        " 'connections'"
    )
