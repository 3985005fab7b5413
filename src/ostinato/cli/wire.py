"""What the server answers, as far as the commands read it; fields they do not know are passed over."""

from typing import Any

import msgspec

from ostinato.core.errors import Problem


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    rows: int
    total: int | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    kind: str
    name: str
    task_type: str | None = None
    workspace: str
    environment: str
    state: str
    reason: str | None = None
    message: str | None = None
    attempt: int = 0
    queued_at: str
    started_at: str | None = None
    ended_at: str | None = None
    duration_seconds: float | None = None
    parent: int | None = None
    step: str | None = None
    handler: bool = False
    rows: int | None = None
    cancel_requested: bool = False
    progress: Progress | None = None
    waiting: str | None = None

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    @property
    def succeeded(self) -> bool:
        return self.state == "SUCCEEDED"


class RunPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    items: list[Run]
    next: int | None = None
    total: int | None = None
    total_is_exact: bool = True


class Step(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    waiting: str | None = None


class RunDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    run: Run
    children: list[Run]
    steps: list[Step] = []
    skipped_steps: list[str]


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    seq: int
    attempt: int
    at: str
    text: str


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    lines: list[LogLine]
    next: int
    ended: bool


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    row: dict[str, Any]


class FindingPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Finding]
    total: int


class DefinitionFile(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    text: str


class DefinitionFiles(msgspec.Struct, frozen=True, kw_only=True):
    files: list[DefinitionFile]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    action: str
    kind: str
    name: str
    workspace: str | None = None
    environment: str | None = None
    fields: list[str]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    changes: list[Change]
    created: int
    changed: int
    left: int


class Work(msgspec.Struct, frozen=True, kw_only=True):
    queued: int
    running: int
    plans: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    work: Work


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal (RFC 9457)."""

    detail: str = ""
    title: str = ""
    errors: list[Problem] = []


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    type: str
    workspace: str
    environment: str
    versions: list[str]


class ArtifactPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Artifact]
    next: int | None = None


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    workspace: str
    environment: str
    folder: bool
    size: int
    sha256: str


class ResourcePage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Resource]
    next: int | None = None


class ArtifactVersion(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    sha256: str


class Published(msgspec.Struct, frozen=True, kw_only=True):
    artifact: Artifact
    version: ArtifactVersion
