"""The built-in task types: one module each, found by entry point."""
