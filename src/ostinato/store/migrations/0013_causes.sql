-- What can have started a run: also calls of addresses, data that came, and past times that are made up for.

ALTER TABLE run
    DROP CONSTRAINT run_cause_check,
    ADD CONSTRAINT run_cause_check
        CHECK (cause IN ('api', 'manual', 'plan', 'schedule', 'webhook', 'data', 'backfill'));
