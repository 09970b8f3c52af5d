"""``python -m staticserve``."""

import sys

from staticserve.cli import main

if __name__ == "__main__":
    sys.exit(main())
