"""Ostinato: a self-hosted data-orchestration server that speaks several vendors' orchestration APIs."""

__version__ = "0.1.0"
