"""What servers import: the application on the tree that the environment names."""

from __future__ import annotations

import os

from tests.contract.application import make_application

application = make_application(os.environ["CONTRACT_TREE"])
