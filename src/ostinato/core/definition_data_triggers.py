"""Definitions as code: tasks and plans that start when others have succeeded."""

from typing import Annotated

import msgspec

from ostinato.core.data_triggers import MOST_SOURCES, Condition
from ostinato.core.definition_targets import Either, Started
from ostinato.core.names import Key


class Upstream(Either, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task or plan of the same environment whose success counts."""

    workspace: Annotated[
        Key | None, msgspec.Meta(description="The key of its workspace; left out: that of what is started.")
    ] = None


class DataTrigger(Started, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a task or plan waits for, to start by itself. It has one data trigger at most, which starts runs on behalf
    of whoever applied the files that made or changed it."""

    when: Annotated[
        Condition,
        msgspec.Meta(description="Whether all of the sources have to have succeeded since its last start, or any."),
    ] = "all"
    sources: Annotated[
        Annotated[tuple[Upstream, ...], msgspec.Meta(min_length=1, max_length=MOST_SOURCES)],
        msgspec.Meta(description="What it waits for."),
    ]
    active: Annotated[bool, msgspec.Meta(description="Whether it starts anything.")] = True
