"""What we claim about speed, rerunnable: `make bench`, or `python -m benchmarks --help`."""
