"""What the servers import: the application on the files that the environment names."""

from __future__ import annotations

import os

from tests.gunicorn.application import make_application, make_wrapped

application = (make_wrapped if os.environ.get("LANE_WRAPPED") else make_application)(os.environ["LANE_FILES"])
