"""Who asks, and in which transaction: one short function per operation, and what they share."""
