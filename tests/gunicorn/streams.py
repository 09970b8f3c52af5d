"""Byte streams as clients, friendly and hostile, send them: generated from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gunicorn.http.errors import NoMoreData
from gunicorn.http.parser import RequestParser

from tests.gunicorn.application import LAST_MODIFIED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from gunicorn.config import Config


class Stream(NamedTuple):
    """What one client sends on one connection, and what is known of it beforehand.

    ``parts`` are sent one after the other. ``methods`` are those of the requests in it that are complete, as
    gunicorn's own parser reads them. ``rest`` completes what is not complete, perhaps.
    """

    parts: tuple[bytes, ...]
    methods: tuple[str, ...]
    ends: str
    """``open``: with a complete request; ``closed``: the server must close; ``within``: inside a request."""
    rest: bytes


_STATIC: Final = (
    *(b"/static/app.css", b"/static/js/app.js", b"/static/one.txt", b"/static/empty.txt", b"/static/large.bin"),
    *(b"/static/na%C3%AFve%20caf%C3%A9.txt", b"/assets/", b"/assets/logo.svg", b"/assets/docs/", b"/assets/index.html"),
)
_NEARLY_STATIC: Final = (
    *(
        b"/static/%61pp.css",
        b"/static/app%2Ecss",
        b"/static/js%2Fapp.js",
        b"/static/missing.css",
        b"/static/",
        b"/static",
    ),
    *(
        b"//static/app.css",
        b"/static//app.css",
        b"/static/../static/app.css",
        b"/static/./app.css",
        b"/static/%2e%2e/x",
    ),
    *(
        b"/static/app.css#x",
        b"/static/app.css?",
        b"/static/app.css?a=b?c#d",
        b"/static/app.css%00",
        b"/static/%",
        b"/static/%zz",
    ),
    *(
        b"/STATIC/app.css",
        b"/static/app.css;v=1",
        b"/static/na\xc3\xafve",
        b"/static/na%EFve",
        b"/static/app.css\\",
        b"/static/[x]",
    ),
    *(b"/assets/docs", b"/assets/docs?x=y", b"/assets", b"/assets/missing", b'/assets/docs?q=%20"', b"/assets/docs?<>"),
    *(
        b"http://h/static/app.css",
        b"https://h/static/app.css",
        b"http://h",
        b"*",
        b"h:80",
        b"static/app.css",
        b"",
        b"/static/a b",
    ),
    *(b"/%73tatic/app.css", b"/static/app.css\t", b"/static/\x7f", b"/static/app.css\x00", b"/static/" + b"x" * 300),
)
_DYNAMIC: Final = (
    b"/",
    b"/page",
    b"/page?x=1",
    b"/read",
    b"/read",
    b"/chunks",
    b"/nothing",
    b"/fail",
    b"//page",
    b"/p%C3%A4ge",
)

_METHODS: Final = (
    (b"GET",) * 24 + (b"HEAD",) * 6 + (b"POST", b"PUT", b"OPTIONS", b"DELETE", b"CONNECT", b"get", b"GE", b"GET\t")
)
_VERSIONS: Final = (b"HTTP/1.1",) * 40 + (
    *(
        b"HTTP/1.0",
        b"HTTP/1.0",
        b"HTTP/1.2",
        b"HTTP/2.0",
        b"HTTP/0.9",
        b"http/1.1",
        b"HTTP/1.1 ",
        b"HTTP/11",
        b"HTTP/1.1x",
    ),
)

# The lines that browsers and proxies send, and those that make a request mean something else.
_USUAL: Final[tuple[tuple[bytes, tuple[bytes, ...]], ...]] = (
    (b"User-Agent", (b"Mozilla/5.0 (X11; Linux x86_64)", b"curl/8", b"")),
    (b"Accept", (b"*/*", b"text/css,*/*;q=0.1")),
    (b"Accept-Encoding", (b"gzip, deflate, br, zstd", b"gzip", b"identity", b"gzip;q=0", b"*;q=0", b"br;q=x", b"")),
    (b"Accept-Language", (b"de", b"en;q=0.5, *;q=0.1")),
    (b"Cookie", (b"a=b; c=d", b"caf\xe9=1")),
    (b"Referer", (b"http://h/page",)),
    (b"Cache-Control", (b"no-cache", b"max-age=0")),
    (b"Connection", (b"keep-alive", b"close", b"Keep-Alive", b"CLOSE", b"close, x", b"Upgrade", b"", b" close\t")),
    (b"If-None-Match", (b'"x"', b"*", b'W/"x", "y"', b"nonsense", b"")),
    (b"If-Modified-Since", (LAST_MODIFIED.encode(), b"Thu, 01 Jan 1970 00:00:00 GMT", b"yesterday")),
    (b"If-Match", (b'"x"', b"*")),
    (b"If-Unmodified-Since", (LAST_MODIFIED.encode(), b"Thu, 01 Jan 1970 00:00:00 GMT")),
    (
        b"Range",
        (
            b"bytes=0-9",
            b"bytes=-1",
            b"bytes=5-",
            b"bytes=99999-",
            b"bytes=0-0,4-5",
            b"bytes=9-1",
            b"lines=1-2",
            b"bytes=0-,0-",
        ),
    ),
    (b"If-Range", (b'"x"', LAST_MODIFIED.encode())),
    (b"X-Forwarded-For", (b"192.0.2.1",)),
    (b"X-Forwarded-Proto", (b"https", b"http", b"HTTPS", b"")),
    (b"Origin", (b"http://o",)),
    (b"Access-Control-Request-Method", (b"GET",)),
    (b"Pragma", (b"no-cache",)),
    (b"x-lower", (b"1",)),
)
_ODD: Final[tuple[tuple[bytes, tuple[bytes, ...]], ...]] = (
    (b"Content-Length", (b"0", b"5", b"-1", b"+5", b"5, 5", b"5x", b"", b"00", b"\xb2", b"500")),
    (
        b"Transfer-Encoding",
        (b"chunked", b"Chunked", b"gzip", b"gzip, chunked", b"chunked, chunked", b"identity", b"x", b""),
    ),
    (b"Content-Type", (b"text/plain",)),
    (b"Expect", (b"100-continue", b"100-Continue", b"x")),
    (b"Upgrade", (b"websocket", b"h2c")),
    (b"HTTP2-Settings", (b"AAMAAABkAAQAAP__",)),
    (b"TE", (b"trailers",)),
    (b"Trailer", (b"X-T",)),
    (b"Proxy-Connection", (b"keep-alive", b"close")),
    (b"Keep-Alive", (b"timeout=5",)),
    (b"X-Forwarded-Ssl", (b"on", b"off")),
    (b"X-Forwarded-Protocol", (b"ssl", b"x")),
    (b"X_Under_Score", (b"1",)),
    (b"Script_Name", (b"/static", b"/page")),
    (b"Script-Name", (b"/static",)),
    (b"Path_Info", (b"/page",)),
    (b"Content_Length", (b"5",)),
    (b"Host", (b"", b"other", b"h, h", b"h:80", b"[::1]")),
    (b"X-Control", (b"a\x01b", b"a\x00b", b"a\x7fb", b"a\x80\xffb", b"a\tb", b"a\rb", b"a\nb")),
    (b"X-Long", (b"x" * 200, b"x" * 5000, b"x" * 9000)),
    (b"X Space", (b"1",)),
    (b"X-Space ", (b"1",)),
    (b" X-Folded", (b"1",)),
    (b"", (b"1",)),
    (b"X-T\xe9st", (b"1",)),
    (b"X@At", (b"1",)),
    (b"Content-Length\x0b", (b"5",)),
)
_BODIES: Final = (
    *(b"", b"hello", b"GET /static/app.css HTTP/1.1\r\nHost: h\r\n\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    *(
        b"5;x=y\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
        b"5\r\nhello\r\n0\r\n",
        b"5\r\nhelloXX0\r\n\r\n",
        b"z\r\n",
        b"5\nhello\n0\n\n",
        b"\r\n",
    ),
)
_SPECIAL: Final = (
    b"\r",
    b"\n",
    b"\r\n",
    b"\x00",
    b" ",
    b"\t",
    b":",
    b"\xff",
    b"\x7f",
    b"_",
    b"%",
    b"/",
    b"#",
    b"?",
    b",",
    b"\r\n\r\n",
    b"\x0b",
    b"\x85",
)


def make_stream(random: Random, cfg: Config) -> Stream:
    """Return the next stream."""
    count = 1 if random.random() < 0.7 else random.randint(2, 4) if random.random() < 0.9 else random.randint(5, 45)
    plainness = random.choice((0.0, 0.3, 1.0))
    data = b"".join(_make_request(random, plainness) for _ in range(count))
    if plainness < 1 and random.random() < 0.4:
        for _ in range(random.randint(1, 2)):
            data = _mutate(random, data)
    rest = b""
    if random.random() < 0.08:
        place = random.randint(1, len(data) or 1)
        data, rest = data[:place], random.choice((data[place:], b"", b"\r\n\r\n", b"\n"))
    methods, ends = foresee(data, cfg)
    return Stream(tuple(_split(random, data)), methods, ends, rest)


def foresee(data: bytes, cfg: Config) -> tuple[tuple[str, ...], str]:
    """Return the methods of the complete requests in a stream, and how it ends, by gunicorn's own parser."""
    parser = RequestParser(cfg, iter([data]), ("127.0.0.1", 1))
    methods: list[str] = []
    while True:
        try:
            request = next(parser)
            method = request.method
            length = getattr(request.body.reader, "length", 0)
            if len(request.body.read()) < length:
                return tuple(methods), "within"
        except StopIteration:
            is_closed = parser.mesg is not None and parser.mesg.should_close()
            return tuple(methods), "closed" if is_closed else "open"
        except NoMoreData:
            return tuple(methods), "within"
        except Exception:
            return tuple(methods), "closed"
        methods.append(method)


def depends_on_arrival(stream: Stream, cfg: Config) -> bool:
    """Return whether gunicorn's own answers depend on how the octets happen to arrive.

    It looks for a bare LF in what it has of a head, and in the whole head only after other checks; it names how much
    of a long line it had; and it counts what came behind a head against the limit of that head if the head came in
    more than one piece. So which error it answers with, and where, is a matter of how much one ``recv`` returned,
    which no client decides.
    """
    data = b"".join(stream.parts) + stream.rest
    ends = [0, *(place for place in range(1, len(data)) if data[:place].endswith(b"\r\n\r\n")), len(data)]
    arrivals = (
        [data],
        [*stream.parts, stream.rest],
        [data[place : place + 8192] for place in range(0, len(data), 8192)],
        [data[place : place + 1] for place in range(len(data))],
        # The last octet of each head together with all that follows.
        *([data[: end - 1], data[end - 1 :]] for end in ends if end),
        *([data[: part - 1], data[part - 1 :]] for part in _starts(stream)),
    )
    return len({_find_error([piece for piece in arrival if piece], cfg) for arrival in arrivals}) > 1


def _starts(stream: Stream) -> Iterator[int]:
    place = 0
    for part in stream.parts[:-1]:
        place += len(part)
        yield place


def _find_error(pieces: list[bytes], cfg: Config) -> tuple[int, str]:
    parser = RequestParser(cfg, iter(pieces), ("127.0.0.1", 1))
    count = 0
    try:
        while True:
            next(parser).body.read()
            count += 1
    except (StopIteration, NoMoreData):
        return count, ""
    except Exception as error:
        return count, f"{type(error).__name__}: {error}"


def _make_request(random: Random, plainness: float) -> bytes:
    is_plain = random.random() < plainness
    if is_plain:
        method, version = random.choice((b"GET", b"GET", b"GET", b"HEAD")), b"HTTP/1.1"
        target = random.choice(_STATIC)
    else:
        method, version = random.choice(_METHODS), random.choice(_VERSIONS)
        target = random.choice(random.choice((_STATIC, _STATIC, _NEARLY_STATIC, _NEARLY_STATIC, _DYNAMIC)))
    if random.random() < 0.1:
        target += random.choice((b"?v=1", b"?", b"?a=%20&b", b'?"<>'))
    lines = []
    for name, values in random.sample(_USUAL, random.randint(0, 5)):
        lines.append((name, random.choice(values)))
    if not is_plain:
        for name, values in random.choices(_ODD, k=random.choice((0, 0, 0, 1, 1, 2))):
            lines.append((name, random.choice(values)))
        if lines and random.random() < 0.08:
            lines.append(random.choice(lines))
        if random.random() < 0.01:
            lines += [(b"X-%d" % number, b"1") for number in range(random.choice((50, 95, 98, 99, 100, 101, 120)))]
    if is_plain or random.random() < 0.92:
        lines.insert(random.randint(0, len(lines)), (b"Host", b"h"))
    head = b"%s %s %s\r\n" % (method, target, version)
    for name, value in lines:
        if random.random() < 0.05:
            name = random.choice((name.lower(), name.upper()))
        head += (
            name
            + random.choice((b": ", b": ", b": ", b":", b":\t", b":  "))
            + value
            + random.choice((b"", b"", b"", b" ", b"\t"))
            + b"\r\n"
        )
    head += b"\r\n"
    if not is_plain and (method not in (b"GET", b"HEAD") or random.random() < 0.1):
        head = _add_content(random, head)
    return head


def _add_content(random: Random, head: bytes) -> bytes:
    body = random.choice(_BODIES)
    kind = random.random()
    if kind < 0.4:
        head = head[:-2] + b"Content-Length: %d\r\n\r\n" % len(body)
    elif kind < 0.8:
        head = head[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
        if random.random() < 0.7:
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    return head + body


def _mutate(random: Random, data: bytes) -> bytes:
    place = random.randint(0, len(data))
    kind = random.randint(0, 5)
    if kind == 0:
        return data[:place] + random.choice(_SPECIAL) + data[place:]
    if kind == 1:
        return data[:place] + random.choice(_SPECIAL) + data[place + 1 :]
    if kind == 2:
        return data[:place] + data[place + random.randint(1, 4) :]
    lines = data.split(b"\r\n")
    number = random.randrange(len(lines))
    if kind == 3:
        return (
            b"\r\n".join(lines[:number])
            + random.choice((b"\n", b"\r", b"\r\n\r\n", b"\r\n "))
            + b"\r\n".join(lines[number:])
        )
    if kind == 4:
        return b"\r\n".join([*lines[:number], lines[number], *lines[number:]])
    return (
        random.choice((b"\r\n", b"\n", b"\r\n\r\n", b"\r", b" ", b"\x16\x03\x01", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
        + data
    )


def _split(random: Random, data: bytes) -> list[bytes]:
    if random.random() < 0.6 or len(data) < 2:
        return [data]
    if len(data) < 80 and random.random() < 0.3:
        places = list(range(1, len(data)))
    else:
        places = sorted({random.randint(1, len(data) - 1) for _ in range(random.randint(1, 5))})
        # Where a line or a head ends is where most can go wrong.
        end = data.find(b"\r\n\r\n")
        if end > 0 and random.random() < 0.5:
            places = sorted({*places, min(end + random.randint(1, 5), len(data) - 1)})
    return [data[start:stop] for start, stop in zip([0, *places], [*places, len(data)], strict=True)]
