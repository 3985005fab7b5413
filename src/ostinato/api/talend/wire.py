"""What many answers of the Talend API have in common. Members that have no value are left out."""

from typing import Annotated, Literal, TypeAlias

import msgspec

Words: TypeAlias = Annotated[str, msgspec.Meta(max_length=10_000, pattern="^[^\x00]*$")]
"""A text that people write."""
Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern="^[^\x00]*$")]
Sent: TypeAlias = Annotated[str, msgspec.Meta(max_length=200, pattern="^[^\x00]*$")]
"""An id, as it is sent."""
Time: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$",
        extra_json_schema={"format": "date-time"},
    ),
]
"""RFC 3339, UTC, with milliseconds."""


class EnvironmentInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: str
    name: str
    description: str | None = None
    max_cloud_containers: int
    default: bool


class WorkspaceInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: str
    name: str
    description: str | None = None
    owner: str | None = None
    type: Literal["custom", "shared", "personal"]
    environment: EnvironmentInfo
    protected_upgrade: Annotated[bool, msgspec.Meta(description="The older name of protectedArtifactUpdate.")]
    protected_artifact_update: Annotated[
        bool, msgspec.Meta(description="true: only artifacts published in this workspace update its tasks.")
    ]
