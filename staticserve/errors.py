"""The errors that staticserve raises: one root, typed leaves."""

from __future__ import annotations


class StaticServeError(Exception):
    """The root of every error that staticserve raises."""


class ConfigurationError(StaticServeError):
    """Says that options or settings cannot be used. It lists every problem at once, never just the first.

    ``where`` names the place that holds them, as its owner would write it: ``STATICSERVE`` or ``StaticServe()``.
    """

    def __init__(self, where: str, problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        super().__init__(f"{where}: " + "; ".join(problems))


class ManifestError(StaticServeError):
    """Says that a manifest exists but cannot be used. ``path`` is the file, ``reason`` is for people."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class StoreError(StaticServeError):
    """Says that a release store cannot be read or written. ``path`` is the file, ``reason`` is for people."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class BuildError(StaticServeError):
    """Says that a build failed, and leaves the earlier store in place. ``path`` is the file it failed at."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class HistoryError(StaticServeError):
    """Says that a live site's history cannot be had. ``url`` is the site's, ``reason`` is for people."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"{url}: {reason}")


class ReportError(StaticServeError):
    """Says that a report cannot be written. ``path`` is the file, ``reason`` is for people."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class OctetsChangedError(StaticServeError):
    """Says that a file is not the one that was described: replaced, resized or gone.

    It is raised before a status is sent, and caught by the adapter, which describes the file anew.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"{path} is not what it was when it was read")
