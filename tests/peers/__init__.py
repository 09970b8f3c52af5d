"""WhiteNoise as an outside witness: its own tests, and itself beside StaticServe."""
