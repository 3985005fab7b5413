"""Runs attempts. A worker is a synchronous process; it holds no login of our database and knows no other attempt."""
