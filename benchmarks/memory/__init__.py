"""How much memory the worker takes, and whether it grows with the window: `python -m benchmarks.memory`."""
