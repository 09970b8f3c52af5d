"""``StaticWorker``: a gthread worker that answers static requests on its event loop, before a thread is taken."""

from staticserve.gunicorn.worker import StaticWorker

__all__ = ["StaticWorker"]
