"""Live streams while everything they stand on is killed; docs/testing.md says what is proved."""
