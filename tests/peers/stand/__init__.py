"""What WhiteNoise's tests import and its sdist leaves out. ``whitenoises_tests`` copies it beside them."""
