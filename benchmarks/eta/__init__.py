"""How far the estimate of a run's end is from the truth: `python -m benchmarks.eta`."""
