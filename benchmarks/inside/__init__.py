"""What runs in a contender's own process. ``python -m benchmarks.inside.<module> …`` prints measurements as JSON."""
