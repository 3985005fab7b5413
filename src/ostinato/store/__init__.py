"""PostgreSQL, the only truth. One function per statement, one statement per file below `sql/`."""
