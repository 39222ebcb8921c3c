"""`python -m app`: the `baton` command where the script is not on the path."""

from app.commands import main

main()
