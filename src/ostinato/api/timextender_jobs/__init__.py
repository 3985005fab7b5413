"""The TimeXtender Jobs API: its words (job, job execution, severity ...) appear only in this folder."""
