"""What stays true while everything it stands on is killed; docs/testing.md says what is proved."""
