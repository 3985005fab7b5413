"""Typed identifiers: an id of one thing cannot be passed where an id of another is meant."""

from typing import NewType

EnvironmentId = NewType("EnvironmentId", int)
WorkspaceId = NewType("WorkspaceId", int)
ConnectionId = NewType("ConnectionId", int)
TaskId = NewType("TaskId", int)
PlanId = NewType("PlanId", int)
PoolId = NewType("PoolId", int)
GraphId = NewType("GraphId", int)
ArtifactId = NewType("ArtifactId", int)
ArtifactVersionId = NewType("ArtifactVersionId", int)
ResourceId = NewType("ResourceId", int)
ProjectId = NewType("ProjectId", int)
PromotionId = NewType("PromotionId", int)
RunId = NewType("RunId", int)
UserId = NewType("UserId", int)
SubjectId = NewType("SubjectId", int)
"""A user, or a credential that may less than its owner: whose rights count."""

GroupId = NewType("GroupId", int)
CredentialId = NewType("CredentialId", int)
SessionId = NewType("SessionId", int)
"""One life of a server process, from its start to its end."""

Lease = NewType("Lease", int)
"""The fencing token of one attempt: a report that carries another one changes nothing."""

ScheduleId = NewType("ScheduleId", int)
ScheduleTriggerId = NewType("ScheduleTriggerId", int)
DataTriggerId = NewType("DataTriggerId", int)

BackfillId = NewType("BackfillId", int)

WebhookId = NewType("WebhookId", int)
DeliveryId = NewType("DeliveryId", int)

WebhookTriggerId = NewType("WebhookTriggerId", int)
WebhookCallId = NewType("WebhookCallId", int)
WebhookWindowId = NewType("WebhookWindowId", int)
"""Calls that start one run together."""
