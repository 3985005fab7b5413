"""The pure rules of orchestration: no clock, no I/O, no logging; `now` is always an argument."""
