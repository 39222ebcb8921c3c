"""What answers are made of. Rows come in (``of``), GraphQL types go out."""
