"""``StaticServeMiddleware`` answers as the wrapper does, under WSGI and under ASGI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.django.project import make_project
from tests.django.test_serve_static import collected, hashed_name

if TYPE_CHECKING:
    from pathlib import Path

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "staticserve.django.middleware.StaticServeMiddleware",
]

REQUESTS = """
def requests(hashed):
    tag = ask(wrapped, "/static/" + hashed)["fields"]["etag"]
    big = "/static/shop/big.bin"
    return [
        ("/static/" + hashed, "GET", {}),
        ("/static/" + hashed, "HEAD", {}),
        ("/static/" + hashed, "GET", {"if_none_match": tag}),
        ("/static/" + hashed, "GET", {"if_match": '"no"'}),
        ("/static/" + hashed, "GET", {"range": "bytes=1-3"}),
        ("/static/" + hashed, "GET", {"range": "bytes=999-"}),
        ("/static/" + hashed, "OPTIONS", {}),
        ("/static/" + hashed, "POST", {}),
        ("/static/gone.css", "GET", {}),
        (big, "GET", {}),
        (big, "GET", {"range": "bytes=-7"}),
        (big, "GET", {"range": "bytes=0-1,100-101"}),
        (big, "HEAD", {}),
        ("/", "GET", {}),
    ]

def told(answer):
    # What the server or Django's other middleware adds is not ours to compare.
    fields = {name: value for name, value in answer["fields"].items() if name not in ("date", "server")}
    return answer["status"], fields, len(answer["body"])
"""

ASGI = """
import asyncio

def ask_async(application, path, method="GET", **fields):
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
             "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers,
             "server": ("testserver", 80), "root_path": ""}
    sent = []
    waiting = asyncio.Event

    async def run():
        asked = False
        async def receive():
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await asyncio.Event().wait()
        async def send(message):
            sent.append(message)
        await application(scope, receive, send)

    asyncio.run(run())
    start = sent[0]
    return {
        "status": start["status"],
        "fields": {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]},
        "body": b"".join(message.get("body", b"") for message in sent[1:]).decode("latin-1"),
    }
"""


def test_wsgi_answers_equal_the_wrappers(tmp_path: Path) -> None:
    (tmp_path / "shop/static/shop").mkdir(parents=True)
    (tmp_path / "shop/static/shop/big.bin").write_bytes(bytes(range(256)) * 8192)
    project = collected(tmp_path, MIDDLEWARE=MIDDLEWARE)
    pairs = project.run(
        f"""
        {"".join(REQUESTS.splitlines(keepends=True)).replace(chr(10), chr(10) + " " * 8)}
        from django.core.wsgi import get_wsgi_application
        from wsgi import application as wrapped
        plain = get_wsgi_application()
        result = [
            (told(ask(wrapped, path, method, **fields)), told(ask(plain, path, method, **fields)))
            for path, method, fields in requests({hashed_name(project)!r})
        ]
        """
    )
    for by_wrapper, by_middleware in pairs:
        assert by_middleware == by_wrapper
    assert [pair[0][0] for pair in pairs] == [200, 200, 304, 412, 206, 416, 204, 405, 404, 200, 206, 206, 200, 200]


def test_asgi_answers_equal_the_wrappers(tmp_path: Path) -> None:
    (tmp_path / "shop/static/shop").mkdir(parents=True)
    (tmp_path / "shop/static/shop/big.bin").write_bytes(bytes(range(256)) * 8192)
    project = collected(tmp_path, MIDDLEWARE=MIDDLEWARE)
    pairs = project.run(
        f"""
        {(REQUESTS + ASGI).replace(chr(10), chr(10) + " " * 8)}
        from django.core.asgi import get_asgi_application
        from wsgi import application as wrapped
        plain = get_asgi_application()
        result = [
            (told(ask(wrapped, path, method, **fields)), told(ask_async(plain, path, method, **fields)))
            for path, method, fields in requests({hashed_name(project)!r})
        ]
        """
    )
    for by_wrapper, by_middleware in pairs:
        assert by_middleware == by_wrapper


def test_debug_serves_from_the_finders(tmp_path: Path) -> None:
    project = make_project(tmp_path, DEBUG=True, MIDDLEWARE=MIDDLEWARE)
    found, missing = project.run(
        """
        from django.core.wsgi import get_wsgi_application
        application = get_wsgi_application()
        result = ask(application, "/static/shop/a.css"), ask(application, "/static/gone.css")
        """
    )
    assert found["status"] == 200
    assert missing["status"] == 404


TESTS = """
from django.conf import settings
from django.test import LiveServerTestCase, SimpleTestCase
from urllib.request import urlopen
from staticserve.django.test import serve_static_files


@serve_static_files()
class Decorated(SimpleTestCase):
    def test_client(self):
        response = self.client.get("/static/shop/a.css")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response["Content-Type"], "text/css")
        self.assertEqual(self.client.get("/static/gone.css").status_code, 404)


@serve_static_files()
class Live(LiveServerTestCase):
    def test_live(self):
        with urlopen(self.live_server_url + "/static/shop/a.css") as response:
            self.assertIn(b"background", response.read())


class Plain(SimpleTestCase):
    def test_without(self):
        self.assertEqual(self.client.get("/static/shop/a.css").status_code, 404)

    def test_within(self):
        with serve_static_files():
            self.assertEqual(self.client_class().get("/static/shop/a.css").status_code, 200)

    @serve_static_files()
    def test_function(self):
        self.assertEqual(self.client_class().get("/static/shop/a.css").status_code, 200)
        self.assertEqual(settings.STATICSERVE["max_age"], 5)
"""


def test_the_test_helper_serves_uncollected_files_to_client_and_live_server(tmp_path: Path) -> None:
    project = make_project(
        tmp_path,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        STATICSERVE={"max_age": 5},
    )
    (tmp_path / "tests.py").write_text(TESTS)
    done = project.manage("test", "tests")
    assert done.returncode == 0, done.stderr
    assert "Ran 5 tests" in done.stderr
