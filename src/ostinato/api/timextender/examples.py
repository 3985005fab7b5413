"""The examples of the vendor's document, by the name of the object; the published document shows them."""

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {
    "Workspace": {"key": "finance", "name": "Finance", "description": "Finance data governance workspace"},
    "ProcessMap": {
        "processMapId": 42,
        "name": "Daily Finance Load",
        "workspace": "finance",
        "lastExecutionDate": "2026-03-14T22:00:00",
        "successfulTasks": 18,
        "failedTasks": 0,
        "runningTasks": 0,
        "queuedTasks": 0,
        "disabledTasks": 2,
    },
    "Task": {
        "taskId": 1005,
        "taskName": "Load Customer Dim",
        "taskType": "Package",
        "status": "Finished",
        "processMapId": 42,
        "processMapName": "Daily Finance Load",
        "lastExecutionStartTime": "2026-03-14T22:00:05",
        "lastExecutionEndTime": "2026-03-14T22:01:32",
    },
    "LatestExecution": {
        "taskId": 1005,
        "taskName": "Load Customer Dim",
        "taskType": "Package",
        "status": "Finished",
        "lastStartTime": "2026-03-14T22:00:05",
        "lastEndTime": "2026-03-14T22:01:32",
        "duration": "01m 27s",
    },
    "Execution": {
        "executionId": 98231,
        "startTime": "2026-03-14T22:00:05",
        "endTime": "2026-03-14T22:01:32",
        "status": "Finished",
        "durationSeconds": 87,
    },
    "LogEntry": {"logTime": "2026-03-13T22:00:07", "log": "Starting package execution: Load Customer Dim"},
    "Trigger": {"uat": "Production"},
}
