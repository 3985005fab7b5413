"""What is sent and received about data triggers."""

from typing import Annotated, Literal

import msgspec

from ostinato.api.native.wire import Instant, Name
from ostinato.app.data_triggers import Shown
from ostinato.core.data_triggers import MOST_SOURCES, Source, waits_for
from ostinato.core.times import instant
from ostinato.store.data_triggers import SeenSource


class Thing(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A task or plan by its name."""

    name: Name
    workspace: Annotated[Name | None, msgspec.Meta(description="Its key; left out: wherever the name is.")] = None
    kind: Annotated[
        Literal["task", "plan"] | None, msgspec.Meta(description="Left out: a plan goes before a task.")
    ] = None


class DataTriggerWish(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A data trigger as it is to be."""

    environment: Name = "Production"
    starts: Annotated[Thing, msgspec.Meta(description="What it starts.")]
    when: Annotated[
        Literal["all", "any"], msgspec.Meta(description="Whether all sources have to succeed, or one of them.")
    ] = "all"
    sources: Annotated[
        tuple[Thing, ...],
        msgspec.Meta(min_length=1, max_length=MOST_SOURCES, description="What has to succeed since its last start."),
    ]
    active: bool = True


class ShownSource(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A source, and whether it has succeeded since the last start. Of one that you may not see, nothing is told."""

    hidden: Annotated[bool, msgspec.Meta(description="You may not see it.")] = False
    kind: Literal["task", "plan"] | None = None
    name: str | None = None
    workspace: str | None = None
    deleted: Annotated[bool, msgspec.Meta(description="It is not there any more, and cannot succeed.")] = False
    satisfied: bool | None = None
    run: Annotated[int | None, msgspec.Meta(description="The success that the next fire will use.")] = None
    ended_at: Annotated[Instant | None, msgspec.Meta(description="When that was.")] = None
    used_run: Annotated[int | None, msgspec.Meta(description="The success that the last fire has used.")] = None


class LastFire(msgspec.Struct, frozen=True, kw_only=True):
    at: Instant
    run: Annotated[int | None, msgspec.Meta(description="What it started, as long as that is known.")]


class DataTrigger(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    environment: str
    kind: Annotated[Literal["task", "plan"], msgspec.Meta(description="What it starts.")]
    name: str
    workspace: str
    when: Literal["all", "any"]
    sources: list[ShownSource]
    active: bool
    waiting_for: Annotated[str, msgspec.Meta(description="What has to happen before it fires, in words.")]
    owner: Annotated[str, msgspec.Meta(description="On whose behalf runs are started: whoever saved it last.")]
    fires: Annotated[int, msgspec.Meta(description="How often it has fired.")]
    last_fire: LastFire | None
    created_at: Instant
    changed_at: Instant


class DataTriggerPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[DataTrigger]
    total: int


def data_trigger(shown: Shown) -> DataTrigger:
    one = shown.seen
    sources = [
        Source(name=it.name, workspace=it.workspace, deleted=it.deleted, satisfied=it.run is not None)
        for it in one.sources
    ]
    return DataTrigger(
        id=one.id,
        environment=one.environment,
        kind="task" if one.plan_id is None else "plan",
        name=one.name,
        workspace=one.workspace,
        when=one.condition,
        sources=[_source(it) for it in one.sources],
        active=one.active,
        waiting_for=waits_for(one.condition, sources, active=one.active, at_work=one.name if one.at_work else None),
        owner=one.owner,
        fires=one.fires,
        last_fire=LastFire(at=instant(one.fired_at), run=shown.run) if one.fired_at is not None else None,
        created_at=instant(one.created_at),
        changed_at=instant(one.changed_at),
    )


def _source(one: SeenSource) -> ShownSource:
    if one.hidden:
        return ShownSource(hidden=True)
    return ShownSource(
        kind="task" if one.plan_id is None else "plan",
        name=one.name,
        workspace=one.workspace,
        deleted=one.deleted,
        satisfied=one.run is not None,
        run=one.run,
        ended_at=instant(one.ended_at) if one.ended_at is not None else None,
        used_run=one.used,
    )
