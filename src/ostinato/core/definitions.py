"""Definitions as code: what a team keeps in files, and what the server makes of it.

A file holds YAML documents, each a mapping of the fields of `Definitions`: environments, workspaces, pools,
lists of holidays, connections, tasks, plans, schedules and data triggers. A document belongs to one environment;
`environment` and `workspace` at its top hold for everything in it, and for the documents that follow in the same file.
Definitions are complete: a field that is left out has its default, whatever is stored. What no file mentions is left
alone; nothing is ever deleted.

Names are known within a workspace of an environment. A reference (the tasks and plans of a step, the connections of a
task, what a schedule starts) goes to a definition of the same workspace, in the files or stored already. Pools and
lists of holidays are known in a whole environment.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import msgspec

from ostinato.core.definition_data_triggers import DataTrigger
from ostinato.core.definition_schedules import Holidays, Schedule
from ostinato.core.errors import Problem
from ostinato.core.names import Description, Key, Name, Tag
from ostinato.core.parameters import MOST_PARAMETERS, Parameter, ParameterName, Value
from ostinato.core.plans import Condition
from ostinato.core.retries import RetryPolicy

Path: TypeAlias = tuple[str | int, ...]
"""A place within a document, such as ("tasks", 2, "config", "query")."""

Place: TypeAlias = tuple[str, str]
"""An environment and the key of a workspace in it."""

PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
DEFAULT_ENVIRONMENT = "Production"

Config: TypeAlias = Annotated[
    dict[str, Any], msgspec.Meta(description="The settings of its type; see the reference of the types.")
]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=31_536_000)]
Days: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Priority: TypeAlias = Annotated[int, msgspec.Meta(ge=-1_000, le=1_000)]
Limit: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Parameters: TypeAlias = Annotated[dict[ParameterName, Parameter], msgspec.Meta(max_length=MOST_PARAMETERS)]


class Stage(StrEnum):
    PRODUCTION = "production"
    TEST = "test"
    DEVELOPMENT = "development"


class Overlap(StrEnum):
    FORBID = "forbid"
    PARALLEL = "parallel"
    QUEUE = "queue"


class Kind(StrEnum):
    ENVIRONMENT = "environment"
    WORKSPACE = "workspace"
    POOL = "pool"
    HOLIDAYS = "holidays"
    CONNECTION = "connection"
    TASK = "task"
    PLAN = "plan"
    SCHEDULE = "schedule"
    DATA_TRIGGER = "data trigger"

    @property
    def words(self) -> str:
        """What one of it is called."""
        return "list of holidays" if self is Kind.HOLIDAYS else self.value


class Keep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many days what has ended is kept; what is left out is kept for ever, but logs and findings never
    longer than their runs."""

    runs: Annotated[Days | None, msgspec.Meta(description="Days after its end that a run is kept.")] = None
    logs: Annotated[Days | None, msgspec.Meta(description="Days that its log is kept.")] = None
    findings: Annotated[Days | None, msgspec.Meta(description="Days that its findings are kept.")] = None

    def __post_init__(self) -> None:
        for name, days in (("logs", self.logs), ("findings", self.findings)):
            if self.runs is not None and days is not None and days > self.runs:
                raise ValueError(f"{name} go with their runs, after {self.runs} days: use fewer, or leave {name} out")


class Environment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where definitions live. Making and changing one needs an administrator."""

    name: Annotated[Name, msgspec.Meta(description="Its name, unique on the server.")]
    description: Description = None
    stage: Annotated[
        Stage | None,
        msgspec.Meta(description="Which of the stages known to other tools it is, if any; left out: as it is stored."),
    ] = None
    parameters: Annotated[
        dict[ParameterName, Value],
        msgspec.Meta(
            description="Values that its tasks get for the parameters they declare.", max_length=MOST_PARAMETERS
        ),
    ] = msgspec.field(default_factory=dict)
    keep: Annotated[Keep, msgspec.Meta(description="For how many days history is kept; left out: for ever.")] = Keep()


class Workspace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The border of permissions inside an environment. Making and changing one needs an administrator."""

    key: Annotated[
        Key, msgspec.Meta(description="Its key; the same key in two environments is one workspace at two stages.")
    ]
    name: Annotated[Name | None, msgspec.Meta(description="Its name for people; left out: the key.")] = None
    description: Description = None


class Pool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many attempts of the tasks that name it may be at work at once, whatever workspaces and plans they are in.
    Making and changing one needs an administrator."""

    name: Annotated[Name, msgspec.Meta(description="Its name, unique in the environment.")]
    slots: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=100_000)],
        msgspec.Meta(description="How many attempts at once; 0: its tasks wait until there are some."),
    ]
    description: Description = None


class Connection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where data is. `${NAME}` and `${NAME:-default}` in the texts of `config` are replaced by variables."""

    name: Annotated[Name, msgspec.Meta(description="Its name, unique among the connections of the workspace.")]
    workspace: Annotated[
        Key | None, msgspec.Meta(description="The key of its workspace; left out: the one of the file.")
    ] = None
    type: Annotated[str, msgspec.Meta(description="A connection type that is installed.")]
    description: Description = None
    config: Config = msgspec.field(default_factory=dict)


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One unit of work."""

    name: Annotated[Name, msgspec.Meta(description="Its name, unique among the tasks of the workspace.")]
    workspace: Annotated[
        Key | None, msgspec.Meta(description="The key of its workspace; left out: the one of the file.")
    ] = None
    type: Annotated[str, msgspec.Meta(description="A task type that is installed; it can never be changed.")]
    description: Description = None
    config: Config = msgspec.field(default_factory=dict)
    parameters: Annotated[
        Parameters, msgspec.Meta(description="What may be different from run to run: a name and its declaration.")
    ] = msgspec.field(default_factory=dict)
    timeout: Annotated[
        Seconds | None, msgspec.Meta(description="Seconds after which an attempt is ended; left out: never.")
    ] = None
    run_timeout: Annotated[
        Seconds | None,
        msgspec.Meta(description="Seconds after which a run fails, its waits and retries included; left out: never."),
    ] = None
    retries: Annotated[RetryPolicy, msgspec.Meta(description="When a failed attempt is tried again.")] = RetryPolicy()
    overlap: Annotated[
        Overlap,
        msgspec.Meta(
            description="forbid: at work once at a time; a second start is refused, and in plans its next run waits."
            " queue: a second start waits as well. parallel: as often as it is started."
        ),
    ] = Overlap.FORBID
    priority: Annotated[
        Priority, msgspec.Meta(description="Runs of a higher one go first where several wait for the same.")
    ] = 0
    pool: Annotated[
        Name | None, msgspec.Meta(description="The pool of the environment of which each attempt takes a slot.")
    ] = None
    tags: Annotated[
        Annotated[tuple[Tag, ...], msgspec.Meta(max_length=100)], msgspec.Meta(description="Words to find it by.")
    ] = ()
    disabled: Annotated[bool, msgspec.Meta(description="Whether it is left out of plans and cannot be started.")] = (
        False
    )


class Handlers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What runs when a step did not succeed."""

    tasks: Annotated[tuple[Name, ...], msgspec.Meta(description="Names of tasks.")] = ()
    plans: Annotated[tuple[Name, ...], msgspec.Meta(description="Names of plans.")] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tasks and plans that run side by side; at least one."""

    name: Annotated[Name, msgspec.Meta(description="Its name, unique within the plan.")]
    tasks: Annotated[tuple[Name, ...], msgspec.Meta(description="Names of tasks to run.")] = ()
    plans: Annotated[tuple[Name, ...], msgspec.Meta(description="Names of plans to run.")] = ()
    after: Annotated[
        tuple[Name, ...], msgspec.Meta(description="The steps that must succeed before it starts; none: at once.")
    ] = ()
    limit: Annotated[
        Limit | None, msgspec.Meta(description="How many of its runs may be under way at once; left out: all.")
    ] = None
    condition: Annotated[Condition, msgspec.Meta(description="When the step itself counts as succeeded.")] = (
        Condition.ALL_SUCCEEDED
    )
    on_failure: Annotated[Handlers, msgspec.Meta(description="What runs when the step did not succeed.")] = Handlers()
    note: Annotated[str | None, msgspec.Meta(description="Anything worth knowing about the step.")] = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Steps with dependencies."""

    name: Annotated[Name, msgspec.Meta(description="Its name, unique among the plans of the workspace.")]
    workspace: Annotated[
        Key | None, msgspec.Meta(description="The key of its workspace; left out: the one of the file.")
    ] = None
    description: Description = None
    parameters: Annotated[
        Parameters, msgspec.Meta(description="Values that go to the tasks in it which declare the same names.")
    ] = msgspec.field(default_factory=dict)
    run_timeout: Annotated[
        Seconds | None,
        msgspec.Meta(description="Seconds after which a run fails, its waits and retries included; left out: never."),
    ] = None
    retries: Annotated[
        RetryPolicy, msgspec.Meta(description="When a failed run starts again from its first steps.")
    ] = RetryPolicy()
    overlap: Annotated[
        Overlap,
        msgspec.Meta(
            description="forbid: at work once at a time; a second start is refused, and in plans its next run waits."
            " queue: a second start waits as well. parallel: as often as it is started."
        ),
    ] = Overlap.FORBID
    priority: Annotated[
        Priority, msgspec.Meta(description="Runs of a higher one go first where several wait for the same.")
    ] = 0
    limit: Annotated[
        Limit | None,
        msgspec.Meta(description="How many runs of all its steps together may be under way at once; left out: all."),
    ] = None
    disabled: Annotated[
        bool, msgspec.Meta(description="Whether it is left out of other plans and cannot be started.")
    ] = False
    steps: Annotated[tuple[Step, ...], msgspec.Meta(description="Its steps, in any order.", min_length=1)]


class Definitions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One document of a file."""

    environment: Annotated[
        Name | None, msgspec.Meta(description="What everything in the document belongs to; left out: Production.")
    ] = None
    workspace: Annotated[
        Key | None, msgspec.Meta(description="The workspace of what names none; left out: each must name its own.")
    ] = None
    environments: Annotated[tuple[Environment, ...], msgspec.Meta(description="Environments.")] = ()
    workspaces: Annotated[tuple[Workspace, ...], msgspec.Meta(description="Workspaces of the environment.")] = ()
    pools: Annotated[tuple[Pool, ...], msgspec.Meta(description="Pools of the environment.")] = ()
    holidays: Annotated[tuple[Holidays, ...], msgspec.Meta(description="Lists of holidays of the environment.")] = ()
    connections: Annotated[tuple[Connection, ...], msgspec.Meta(description="Connections.")] = ()
    tasks: Annotated[tuple[Task, ...], msgspec.Meta(description="Tasks.")] = ()
    plans: Annotated[tuple[Plan, ...], msgspec.Meta(description="Plans.")] = ()
    schedules: Annotated[
        tuple[Schedule, ...], msgspec.Meta(description="When tasks and plans start by themselves.")
    ] = ()
    data_triggers: Annotated[
        tuple[DataTrigger, ...], msgspec.Meta(description="After what tasks and plans start by themselves.")
    ] = ()


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A document as plain data, and the lines on which its parts stand.

    `lines` has the line where the value at a path begins, `keys` the line of the key before it.
    """

    file: str
    data: Any
    lines: Mapping[Path, int]
    keys: Mapping[Path, int]

    def problem(self, path: Path, message: str, allowed: Sequence[str] = (), *, at_key: bool = False) -> Problem:
        """A problem at `path`, or where the nearest part around it begins if there is nothing at `path`."""
        line = self.keys.get(path) if at_key else None
        inner = path
        while line is None:
            line = self.lines.get(inner, 1 if not inner else None)
            inner = inner[:-1]
        return Problem(file=self.file, line=line, path=written(path), message=message, allowed=tuple(allowed))


Defined = TypeVar("Defined", bound=msgspec.Struct)


class Placed(msgspec.Struct, Generic[Defined], frozen=True, kw_only=True):
    """A definition, where it was read, and where it belongs; `workspace` is empty for what is in none."""

    definition: Defined
    source: Source
    path: Path
    environment: str
    workspace: str = ""

    @property
    def place(self) -> Place:
        return self.environment, self.workspace

    def problem(self, path: Path, message: str, allowed: Sequence[str] = (), *, at_key: bool = False) -> Problem:
        """A problem at `path` below this definition."""
        return self.source.problem((*self.path, *path), message, allowed, at_key=at_key)


class Collected(msgspec.Struct, kw_only=True):
    """Everything that all files define, in the order of the files."""

    environments: list[Placed[Environment]] = []
    workspaces: list[Placed[Workspace]] = []
    pools: list[Placed[Pool]] = []
    holidays: list[Placed[Holidays]] = []
    connections: list[Placed[Connection]] = []
    tasks: list[Placed[Task]] = []
    plans: list[Placed[Plan]] = []
    schedules: list[Placed[Schedule]] = []
    data_triggers: list[Placed[DataTrigger]] = []
    broken: dict[tuple[Kind, Place], set[str]] = {}
    """Names of definitions that have problems of their own: what refers to them is not wrong because of that."""
    used: dict[str, Source] = {}
    """Every environment that something is put into, with the first document that does."""


class Stored(msgspec.Struct, kw_only=True):
    """What one workspace holds already, by name and as files would define it."""

    workspace: Workspace
    connections: dict[str, Connection] = {}
    tasks: dict[str, Task] = {}
    plans: dict[str, Plan] = {}
    schedules: dict[str, Schedule] = {}
    """By what they start, where somebody wants to know; so are data triggers."""
    data_triggers: dict[str, DataTrigger] = {}
    partly_seen: set[str] = set()
    """Those data triggers among whose sources are some that may not be seen."""
    outlived: set[str] = set()
    """Those among whose sources are some that were deleted."""
    expansions: dict[str, tuple[Step, ...]] = {}
    """The steps of composite tasks."""


class KnownArtifact(msgspec.Struct, kw_only=True):
    """An artifact of a workspace: what its newest version declares, and what those declare that are asked for."""

    type: str
    versions: dict[str, dict[str, Parameter]] = {}


class Known(msgspec.Struct, kw_only=True):
    """What is stored, as far as it may be seen."""

    environments: dict[str, Environment]
    workspaces: dict[Place, Stored]
    pools: dict[str, dict[str, Pool]] = {}
    """By environment and name."""
    holidays: dict[str, dict[str, Holidays]] = {}
    """By environment and name, where somebody wants to know."""
    artifacts: dict[Place, dict[str, KnownArtifact]] = {}
    """Those that the files name."""
    artifact_names: dict[Place, list[str]] = {}
    """Some that are there, where the files name one that is not."""
    resources: dict[Place, set[str]] = {}
    """Those that the files name."""
    resource_names: dict[Place, list[str]] = {}
    """Some that are there, where the files name one that is not."""


def read_path(text: str) -> Path:
    """What `written` makes of a path, as a path again."""
    return tuple(int(number) if number else name for name, number in PART.findall(text))


def written(path: Path) -> str:
    """A path as people write it: `tasks[2].config.query`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
