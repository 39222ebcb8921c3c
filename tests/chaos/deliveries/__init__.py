"""Promises outside while workers and PostgreSQL are killed; docs/testing.md says what is proved."""
