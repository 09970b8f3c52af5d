"""The directories that collectstatic merges, and what it makes of their files."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage


class File(NamedTuple):
    """A file: its name in its source, in STATIC_ROOT, and the number of the source."""

    name: str
    hashed_name: str
    source: int


class Source(NamedTuple):
    """A directory with static files. ``is_ours`` is false for the one that comes with Django."""

    label: str
    is_ours: bool
    files: list[File]


@cache
def find_sources() -> list[Source]:
    """Return the sources in the order in which collectstatic looks into them."""
    labels = _label_directories()
    sources: dict[str, Source] = {}
    for finder in get_finders():
        for name, storage in finder.list(["CVS", ".*", "*~"]):
            label, is_ours = labels[storage.location]
            source = sources.setdefault(label, Source(label, is_ours, []))
            number = list(sources).index(label) + 1
            source.files.append(File(name, _hashed_name(name), number))
    for source in sources.values():
        source.files.sort()
    return list(sources.values())


def merge(sources: list[Source]) -> list[File]:
    """Return our files as they are in STATIC_ROOT, side by side. Of two with one name, the first is there."""
    found: dict[str, File] = {}
    for source in sources:
        for file in source.files if source.is_ours else ():
            found.setdefault(file.name, file)
    return sorted(found.values())


def _label_directories() -> dict[str, tuple[str, bool]]:
    labels = {str(path): (f"{Path(path).relative_to(settings.BASE_DIR)}/", True) for path in settings.STATICFILES_DIRS}
    for app in apps.get_app_configs():
        is_ours = not app.name.startswith("django.")
        labels[str(Path(app.path) / "static")] = (f"{app.name}/static/" if is_ours else app.name, is_ours)
    return labels


def _hashed_name(name: str) -> str:
    return staticfiles_storage.url(name).removeprefix(settings.STATIC_URL)
