"""Benchmarks: `python -m bench`. Every figure stands beside its floor, measured in the same run."""
