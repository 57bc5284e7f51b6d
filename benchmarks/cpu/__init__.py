"""What an activity costs the worker in CPU time, step by step: `python -m benchmarks.cpu`."""
