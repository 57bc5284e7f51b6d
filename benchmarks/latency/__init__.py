"""How long a change takes to arrive, and what watching costs while nothing changes: `python -m benchmarks.latency`."""
