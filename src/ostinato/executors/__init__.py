"""Ways of starting attempts: one file each, found by entry point."""
