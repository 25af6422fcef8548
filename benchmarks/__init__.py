"""How fast, how small, how lean: trace-git measured against its peers. `python -m benchmarks --help`."""
