"""Eight runs at once on one account, and how much of its limits they use: `python -m benchmarks.crowd`."""
