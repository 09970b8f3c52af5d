"""Every form of STATIC_URL: the URL that ``{% static %}`` prints is the one that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.django.project import make_project

if TYPE_CHECKING:
    from pathlib import Path

NONE: dict[str, Any] = {}
FORCED = {"FORCE_SCRIPT_NAME": "/app"}

# STATIC_URL, other settings, the server's SCRIPT_NAME, what {% static 'shop/a.css' %} prints without staticserve
# (Django 5.2 and 6.1), and how requests for it may arrive: SCRIPT_NAME and PATH_INFO.
CASES = [
    ("static/", NONE, "", "/static/shop/a.css", [("", "/static/shop/a.css")]),
    ("static/", NONE, "/app", "/app/static/shop/a.css", [("/app", "/static/shop/a.css")]),
    ("/static/", NONE, "/app", "/static/shop/a.css", [("", "/static/shop/a.css")]),
    (
        "/app/static/",
        NONE,
        "/app",
        "/app/static/shop/a.css",
        [("/app", "/static/shop/a.css"), ("", "/app/static/shop/a.css")],
    ),
    ("mystaticpath", NONE, "/app", "/app/mystaticpath/shop/a.css", [("/app", "/mystaticpath/shop/a.css")]),
    ("https://cdn.example/x/", NONE, "", "https://cdn.example/x/shop/a.css", [("", "/x/shop/a.css")]),
    ("//cdn.example/x/", NONE, "", "//cdn.example/x/shop/a.css", [("", "/x/shop/a.css")]),
    ("/", {"MEDIA_URL": "/media/"}, "", "/shop/a.css", [("", "/shop/a.css")]),
    (
        "static/",
        FORCED,
        "",
        "/app/static/shop/a.css",
        [("", "/static/shop/a.css"), ("", "/app/static/shop/a.css")],
    ),
    (
        "/app/static/",
        FORCED,
        "",
        "/app/static/shop/a.css",
        [("", "/static/shop/a.css"), ("", "/app/static/shop/a.css")],
    ),
    ("/st\u00e4tic/", NONE, "", "/st\u00e4tic/shop/a.css", [("", "/st\u00c3\u00a4tic/shop/a.css")]),
]


@pytest.mark.parametrize(("static_url", "settings", "script_name", "printed", "arrivals"), CASES)
def test_what_static_prints_is_what_is_served(
    tmp_path: Path,
    static_url: str,
    settings: dict[str, Any],
    script_name: str,
    printed: str,
    arrivals: list[tuple[str, str]],
) -> None:
    project = make_project(tmp_path, STATIC_URL=static_url, **settings)
    assert project.manage("collectstatic", "--noinput").returncode == 0
    result = project.run(
        f"""
        from wsgi import application
        arrivals = [ask(application, path, script_name=script_name) for script_name, path in {arrivals!r}]
        page = ask(application, script_name={script_name!r})
        from django.core.wsgi import get_wsgi_application
        result = page, arrivals, [ask(application, "/nothing.css"), ask(application, "/deep/")]
        """
    )
    page, served, (unknown, deep) = result
    plain = make_project(tmp_path, STATIC_URL=static_url, **settings).run(
        f"""
        from django.core.wsgi import get_wsgi_application
        result = ask(get_wsgi_application(), script_name={script_name!r})
        """
    )
    assert page["body"] == plain["body"]
    # The manifest's name has 12 hex digits before the extension; without them it is the name in the table.
    stem, _digest, extension = page["body"].rsplit(".", 2)
    assert f"{stem}.{extension}".encode("latin-1").decode() in (printed, printed.replace("ä", "%C3%A4"))
    assert [answer["status"] for answer in served] == [200] * len(arrivals)
    assert served[0]["fields"]["content-type"] == "text/css; charset=utf-8"
    assert (unknown["status"], deep["status"]) == (404, 200)


@pytest.mark.parametrize("static_url", [None, ""])
def test_a_missing_static_url_is_a_loud_error_that_names_the_cure(tmp_path: Path, static_url: str | None) -> None:
    project = make_project(tmp_path, STATIC_URL=static_url)
    line = project.fail("import wsgi")
    assert "STATIC_URL" in line
    assert "STATIC_URL = 'static/'" in line


def test_a_static_url_without_its_slash_is_warned_about(tmp_path: Path) -> None:
    project = make_project(tmp_path, STATIC_URL="mystaticpath")
    assert project.manage("collectstatic", "--noinput").returncode == 0
    (line,) = project.log("import wsgi")
    assert "'mystaticpath' should end in a slash" in line
