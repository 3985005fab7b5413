-- Whether an attempt has begun that gets a resource, and may not have copied it yet.
SELECT EXISTS (SELECT FROM task_resource
                 JOIN run ON run.task_id = task_resource.task_id
                WHERE task_resource.resource_id = $1 AND run.state IN ('CLAIMED', 'RUNNING'))
