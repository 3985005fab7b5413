"""The TimeXtender Orchestration API: its words (process map, execution, uat ...) appear only in this folder."""
