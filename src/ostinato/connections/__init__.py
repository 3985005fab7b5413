"""The built-in connection types: one module each, found by entry point."""
