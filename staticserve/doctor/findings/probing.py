"""What is said of a server's answers: a table by the finding's number."""

from __future__ import annotations

from typing import Final, NamedTuple

from staticserve.doctor.findings.serving import WRAP


class Tell(NamedTuple):
    """The words of a finding; what was seen is put behind the message."""

    message: str
    why: str
    cure: str


TELLS: Final[dict[str, Tell]] = {
    "E013": Tell(
        "Files are answered with a page of type text/html",
        "Browsers say \"Refused to apply style … MIME type ('text/html')\" instead of 404.",
        WRAP,
    ),
    "W023": Tell(
        "The answer for a file that is not there may be kept by caches",
        "A CDN that asks in the middle of a deploy keeps the 404 until it is purged.",
        WRAP,
    ),
    "W030": Tell(
        "Files have the wrong media type",
        "Browsers refuse scripts and styles of another type.",
        WRAP,
    ),
    "W032": Tell(
        "Text is sent uncompressed to a client that takes br, zstd and gzip",
        "It is three to five times larger than it need be.",
        'STORAGES["staticfiles"] = {"BACKEND": "staticserve.django.storage.StaticServeStorage"}\n'
        "# then: python manage.py collectstatic",
    ),
    "W034": Tell(
        "The running server does not have files of the manifest here, but those of its own pages",
        "It was started before the last collectstatic, and keeps the list of files that it read then.",
        "Restart it: with preload_app a HUP does not load the application anew.",
    ),
    "E050": Tell(
        "Files of the manifest are not served",
        "Pages link to them.",
        "python manage.py collectstatic  # and see that STATIC_URL and STATIC_ROOT are what the server has",
    ),
    "E051": Tell(
        "What is sent is not the file",
        "Browsers show half a style or none, and caches keep it.",
        "python manage.py collectstatic --clear  # makes compressed copies anew; then restart the server",
    ),
    "W052": Tell(
        "An unchanged file is not answered with 304",
        "Each visit downloads everything anew.",
        WRAP,
    ),
    "W053": Tell(
        "Hashed names may not be kept for a year",
        "Browsers ask for files that cannot have changed.",
        WRAP,
    ),
    "E054": Tell(
        "Pages fail, or what they link to",
        "Visitors see it.",
        "Look into the server's log; `manage.py staticserve explain NAME` tells what a file's state is.",
    ),
    "W055": Tell(
        "A compressed answer has no Vary: Accept-Encoding",
        "A cache gives it to a client that cannot read it.",
        WRAP,
    ),
    "E056": Tell(
        "There is nobody to ask",
        "Whether files are served is not known.",
        "Start it as the server does, and mend what it says: python -c 'import PROJECT.wsgi'",
    ),
}
