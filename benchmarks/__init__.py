"""Measures staticserve beside its peers: ``python -m benchmarks [in_process|startup|gunicorn|report] [--quick]``."""
