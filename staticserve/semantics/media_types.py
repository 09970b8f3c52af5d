"""Which media type a file name means (RFC 9110, 8.3).

Our own table, never the machine's: the operating system's differs between a laptop and a container, knows no
fonts, and a wrong type under ``nosniff`` is a refused script. Sources: the IANA registry and the WHATWG's MIME
Sniffing standard.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

UNKNOWN: Final = "application/octet-stream"

MEDIA_TYPES: Final[dict[str, str]] = {
    # Pages, styles, scripts and what belongs to them
    ".css": "text/css",
    ".htm": "text/html",
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".cjs": "text/javascript",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".map": "application/json",
    ".jsonld": "application/ld+json",
    ".geojson": "application/geo+json",
    ".topojson": "application/json",
    ".webmanifest": "application/manifest+json",
    ".importmap": "application/importmap+json",
    ".appcache": "text/cache-manifest",
    ".xhtml": "application/xhtml+xml",
    ".xml": "text/xml",
    ".xsl": "text/xml",
    ".xslt": "application/xslt+xml",
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    # Text
    ".txt": "text/plain",
    ".text": "text/plain",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".vtt": "text/vtt",
    ".srt": "text/plain",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".toml": "application/toml",
    ".ts": "text/plain",
    ".tsx": "text/plain",
    ".jsx": "text/plain",
    ".scss": "text/plain",
    ".sass": "text/plain",
    ".less": "text/plain",
    # Images
    ".avif": "image/avif",
    ".apng": "image/apng",
    ".bmp": "image/bmp",
    ".cur": "image/vnd.microsoft.icon",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".ico": "image/vnd.microsoft.icon",
    ".jfif": "image/jpeg",
    ".jpe": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".jp2": "image/jp2",
    ".jxl": "image/jxl",
    ".ktx2": "image/ktx2",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".dds": "image/vnd-ms.dds",
    ".exr": "image/x-exr",
    ".hdr": "image/vnd.radiance",
    # Fonts
    ".eot": "application/vnd.ms-fontobject",
    ".otf": "font/otf",
    ".ttc": "font/collection",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    # Sound
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mid": "audio/midi",
    ".midi": "audio/midi",
    ".mka": "audio/matroska",
    ".mp3": "audio/mpeg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".weba": "audio/webm",
    # Moving pictures
    ".3gp": "video/3gpp",
    ".avi": "video/x-msvideo",
    ".flv": "video/x-flv",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".m4v": "video/mp4",
    ".mkv": "video/matroska",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".mpd": "application/dash+xml",
    ".mpeg": "video/mpeg",
    ".mpg": "video/mpeg",
    ".ogv": "video/ogg",
    ".webm": "video/webm",
    ".wmv": "video/x-ms-wmv",
    # Three dimensions
    ".3mf": "model/3mf",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".mtl": "model/mtl",
    ".obj": "model/obj",
    ".stl": "model/stl",
    ".usdz": "model/vnd.usdz+zip",
    # Documents
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".epub": "application/epub+zip",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".pdf": "application/pdf",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".ps": "application/postscript",
    ".rtf": "application/rtf",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    # Archives and programs. A .gz is a file in its own right here, never a content coding.
    ".7z": "application/x-7z-compressed",
    ".apk": "application/vnd.android.package-archive",
    ".br": UNKNOWN,
    ".bz2": "application/x-bzip2",
    ".dmg": "application/x-apple-diskimage",
    ".gz": "application/gzip",
    ".jar": "application/java-archive",
    ".rar": "application/vnd.rar",
    ".tar": "application/x-tar",
    ".tgz": "application/gzip",
    ".xz": "application/x-xz",
    ".zip": "application/zip",
    ".zst": "application/zstd",
    # Data
    ".parquet": "application/vnd.apache.parquet",
    ".pmtiles": "application/vnd.pmtiles",
    ".pbf": "application/x-protobuf",
    ".sqlite": "application/vnd.sqlite3",
    ".sqlite3": "application/vnd.sqlite3",
    # Whole names
    "apple-app-site-association": "application/json",
    "crossdomain.xml": "text/x-cross-domain-policy",
}


def make_media_types(user_table: Mapping[str, str], charset: str) -> Callable[[str], str]:
    """Return a function from a file's name to its Content-Type field value.

    ``user_table`` maps endings (``".foo"``) or whole names to media types and wins over ours. ``charset`` is
    added to text types that name none.
    """
    given = MEDIA_TYPES | {key.lower(): value for key, value in user_table.items()}

    def with_charset(media_type: str) -> str:
        if charset and media_type.startswith("text/") and "charset=" not in media_type:
            return f"{media_type}; charset={charset}"
        return media_type

    table = {key: with_charset(media_type) for key, media_type in given.items()}

    def content_type(name: str) -> str:
        base = name.rpartition("/")[2].lower()
        return table.get(base) or table.get(posixpath.splitext(base)[1], UNKNOWN)

    return content_type
