"""The names of a large site's files. Imports nothing: the process whose memory is measured has them, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACES: Final = (
    *("css/{stem}{hash}.css", "js/{stem}{hash}.js", "img/icons/{stem}{hash}.svg", "fonts/{stem}{hash}.woff2"),
    *("vendor/lib{group}/dist/js/{stem}{hash}.min.js", "vendor/lib{group}/dist/locales/{stem}{hash}.json"),
    *("admin/js/vendor/select2/i18n/{stem}{hash}.js", "js/chunks/{group}/{stem}{hash}.js"),
)


def tree_names(count: int) -> Iterator[str]:
    """Return relative names as collectstatic makes them: 50 applications' trees, each file with and without a hash."""
    for number in range(count):
        pair = number // 2
        place = _PLACES[pair // 50 % len(_PLACES)]
        name = place.format(
            stem=f"component-{pair}",
            hash=f".{pair * 2654435761 % 16**12:012x}" if number % 2 else "",
            group=pair // 400 % 10,
        )
        yield f"app{pair % 50}/{name}"
