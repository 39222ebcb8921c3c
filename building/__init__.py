"""How the parts are made that are neither Python nor in the repository: the explorer's page."""
