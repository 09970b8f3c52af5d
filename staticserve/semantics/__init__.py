"""What HTTP fields mean. Pure functions on strings: no files, no environ, no framework."""
