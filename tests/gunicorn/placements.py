"""The application with its ``StaticServe`` in other places, one to a process; and on a disk that is slow."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

from staticserve import StaticServe
from staticserve.gunicorn.lane import FileBody
from tests.gunicorn.application import answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FILES: Final = os.environ["LANE_FILES"]


class SlowlyRead(StaticServe):
    """Stands on a slow disk: what has "slow" in its path is read when there is a file that is called "gate"."""

    def answer(self, path: str, *args: Any, **options: Any) -> Any:
        """Answer, when the disk does. Only the lane is kept waiting: a thread of views would keep its view waiting."""
        while args[-1] is FileBody and "slow" in path and not os.path.exists(f"{_FILES}/gate"):
            time.sleep(0.01)
        return super().answer(path, *args, **options)


def make_alone() -> WSGIApplication:
    """Return static files and nothing else."""
    return StaticServe(root=f"{_FILES}/static", prefix="/static/")


def make_outermost() -> WSGIApplication:
    """Return the views behind static files."""
    return StaticServe(answer, root=f"{_FILES}/static", prefix="/static/")


def make_wrapped() -> WSGIApplication:
    """Return the same behind a middleware that has never heard of static files."""
    application = make_outermost()

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wrapped"] = True
        return application(environ, start_response)

    return middleware


def make_two() -> WSGIApplication:
    """Return the views behind two prefixes."""
    inner = StaticServe(answer, root=f"{_FILES}/assets", prefix="/assets/", index_file=True)
    return StaticServe(inner, root=f"{_FILES}/static", prefix="/static/")


def make_without() -> WSGIApplication:
    """Return the views alone."""
    return answer


def make_slow() -> WSGIApplication:
    """Return the views behind static files on a slow disk."""
    return SlowlyRead(answer, root=f"{_FILES}/static", prefix="/static/", memory_per_file=8192)


def make_slow_root() -> WSGIApplication:
    """Return the views behind static files on a slow disk, which may have any path."""
    return SlowlyRead(answer, root=f"{_FILES}/static", memory_per_file=8192)


def make_roomy() -> WSGIApplication:
    """Return the views behind static files that are in memory up to 9 MiB."""
    return StaticServe(answer, root=f"{_FILES}/static", prefix="/static/", memory_per_file=9 * 1024 * 1024)
