"""``serve_static`` in a real project: what it serves, what it leaves to Django, and what it says at start."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.django.project import DEFAULTS, Project, make_project

if TYPE_CHECKING:
    from pathlib import Path

FOREVER = "max-age=315360000, public, immutable"


def collected(path: Path, **settings: Any) -> Project:
    project = make_project(path, **settings)
    done = project.manage("collectstatic", "--noinput")
    assert done.returncode == 0, done.stderr
    return project


def hashed_name(project: Project) -> str:
    manifest = json.loads((project.static_root / "staticfiles.json").read_text())
    name = manifest["paths"]["shop/a.css"]
    assert isinstance(name, str)
    return name


def test_hashed_names_are_immutable_and_others_are_not(tmp_path: Path) -> None:
    project = collected(tmp_path)
    hashed, plain = project.run(
        f"""
        from wsgi import application
        result = [ask(application, "/static/" + name) for name in ({hashed_name(project)!r}, "shop/a.css")]
        """
    )
    assert hashed["status"] == plain["status"] == 200
    assert hashed["fields"]["cache-control"] == FOREVER
    assert plain["fields"]["cache-control"] == "max-age=60, public"


def test_an_unknown_static_url_is_a_text_404_that_nobody_keeps_and_others_are_djangos(tmp_path: Path) -> None:
    static, other = collected(tmp_path).run(
        """
        from wsgi import application
        result = ask(application, "/static/gone.js"), ask(application, "/gone")
        """
    )
    assert static["status"] == other["status"] == 404
    assert static["fields"]["content-type"].startswith("text/plain")
    assert static["fields"]["cache-control"] == "no-store"
    assert other["fields"]["content-type"].startswith("text/html")


def test_the_manifest_is_not_served(tmp_path: Path) -> None:
    answer = collected(tmp_path).run(
        """
        from wsgi import application
        result = ask(application, "/static/staticfiles.json")
        """
    )
    assert answer["status"] == 404


CUSTOM_STORAGE = """
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage

class Renamed(ManifestStaticFilesStorage):
    manifest_name = "names.json"

class Elsewhere(ManifestStaticFilesStorage):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, manifest_storage=FileSystemStorage(location="private"), **kwargs)
"""


@pytest.mark.parametrize(("backend", "manifest"), [("Renamed", "staticfiles/names.json"), ("Elsewhere", "private/")])
def test_the_manifest_is_the_storages_own(tmp_path: Path, backend: str, manifest: str) -> None:
    (tmp_path / "storage.py").write_text(CUSTOM_STORAGE)
    storages = {**DEFAULTS["STORAGES"], "staticfiles": {"BACKEND": f"storage.{backend}"}}
    # No hashed name that its content would prove: only the manifest can.
    project = collected(tmp_path, STORAGES=storages)
    where = tmp_path / manifest
    path = where / "staticfiles.json" if where.is_dir() else where
    stored = json.loads(path.read_text())
    stored["paths"]["shop/bg.svg"] = "shop/by-its-manifest.svg"
    path.write_text(json.dumps(stored))
    (project.static_root / "shop/by-its-manifest.svg").write_text("<svg/>")
    proven, manifest_itself = project.run(
        """
        from wsgi import application
        result = ask(application, "/static/shop/by-its-manifest.svg"), ask(application, "/static/names.json")
        """
    )
    assert proven["fields"]["cache-control"] == FOREVER
    assert manifest_itself["status"] == 404


def test_a_manifest_of_another_name_is_not_served_by_autorefresh_either(tmp_path: Path) -> None:
    (tmp_path / "storage.py").write_text(CUSTOM_STORAGE)
    storages = {**DEFAULTS["STORAGES"], "staticfiles": {"BACKEND": "storage.Renamed"}}
    project = collected(tmp_path, STORAGES=storages, STATICSERVE={"autorefresh": True})
    statuses = project.run(
        """
        from wsgi import application
        result = [ask(application, "/static/" + name)["status"] for name in ("names.json", "shop/a.css")]
        """
    )
    assert statuses == [404, 200]


# What is wrong, and what the one line says that is logged about it.
PROBLEMS = [
    ("no STATIC_ROOT setting", {"STATIC_ROOT": None}, "STATIC_ROOT is not set"),
    ("no directory", {}, "collectstatic"),
    ("no 'staticfiles' in STORAGES", {"STORAGES": {"default": DEFAULTS["STORAGES"]["default"]}}, "'staticfiles'"),
]


@pytest.mark.parametrize(("what", "settings", "said"), PROBLEMS)
def test_a_site_starts_whatever_is_missing_and_says_so(
    tmp_path: Path, what: str, settings: dict[str, Any], said: str
) -> None:
    project = make_project(tmp_path, **settings)
    if what != "no directory":
        project.static_root.mkdir()
        (project.static_root / "x.css").write_text("x{}")
    lines = project.log(
        """
        from wsgi import application
        assert ask(application, "/gone")["status"] == 404
        """
    )
    assert any(said in line for line in lines), lines


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": "9.9"}', '{"version": "1.1", "paths": 5}'])
def test_a_damaged_manifest_is_logged_and_files_are_served_by_their_names(tmp_path: Path, content: str) -> None:
    project = collected(tmp_path)
    (project.static_root / "staticfiles.json").write_text(content)
    script = """
        from wsgi import application
        result = ask(application, "/static/shop/a.css")["status"]
        """
    assert project.run(script) == 200
    assert any("manifest" in line and "collectstatic" in line for line in project.log(script))


def test_root_files_are_served_at_the_root_and_only_they(tmp_path: Path) -> None:
    (tmp_path / "public/.well-known").mkdir(parents=True)
    (tmp_path / "public/robots.txt").write_text("User-agent: *\n")
    (tmp_path / "public/.well-known/security.txt").write_text("Contact: x\n")
    (tmp_path / "public/.env").write_text("SECRET=1\n")
    project = collected(tmp_path, STATICSERVE={"root_files": str(tmp_path / "public")})
    answers = project.run(
        """
        from wsgi import application
        paths = ["/robots.txt", "/.well-known/security.txt", "/.env", "/", "/static/shop/a.css"]
        result = [(answer["status"], answer["fields"]["content-type"].split(";")[0])
                  for answer in (ask(application, path) for path in paths)]
        """
    )
    assert answers == [
        [200, "text/plain"],
        [200, "text/plain"],
        [404, "text/html"],
        [200, "text/html"],
        [200, "text/css"],
    ]


def test_debug_serves_from_the_finders_and_never_from_static_root(tmp_path: Path) -> None:
    project = make_project(tmp_path, DEBUG=True)
    project.static_root.mkdir()
    (project.static_root / "old.css").write_text("stale")
    found, old, page = project.run(
        """
        from wsgi import application
        result = ask(application, "/static/shop/a.css"), ask(application, "/static/old.css"), ask(application)
        """
    )
    assert found["status"] == 200
    assert old["status"] == 404
    assert page["body"] == "/static/shop/a.css"


def test_debug_under_a_script_name_prints_and_serves_the_same_urls(tmp_path: Path) -> None:
    project = make_project(tmp_path, DEBUG=True)
    page, found = project.run(
        """
        from wsgi import application
        found = ask(application, "/static/shop/a.css", script_name="/app")
        result = ask(application, script_name="/app"), found
        """
    )
    assert page["body"] == "/app/static/shop/a.css"
    assert found["status"] == 200


@pytest.mark.parametrize("path", ["/static/../settings.py", "/static/%00", "/static//etc/passwd", "/static/a\x00b"])
def test_hostile_paths_are_misses_with_finders_too(tmp_path: Path, path: str) -> None:
    for debug in (True, False):
        project = make_project(tmp_path, DEBUG=debug, STATICSERVE={"use_finders": True})
        status = project.run(
            f"""
            from wsgi import application
            result = ask(application, {path!r})["status"]
            """
        )
        assert status == 404


@pytest.mark.parametrize(
    ("staticserve", "said"),
    [
        ({"max_agee": 5}, "'max_age'"),
        ({"root_file": "x"}, "'root_files'"),
        ({"max_age": "60"}, "a number of seconds"),
        ({"root_files": 5}, "the path of a directory"),
        (["max_age"], "must be a dict"),
    ],
)
def test_a_wrong_setting_is_an_error_at_start_that_names_the_right_one(
    tmp_path: Path, staticserve: object, said: str
) -> None:
    line = make_project(tmp_path, STATICSERVE=staticserve).fail("import wsgi")
    assert "STATICSERVE" in line
    assert said in line


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    line = make_project(tmp_path, STATICSERVE={"max_agee": 1, "memory": -1, "root_files": 5}).fail("import wsgi")
    assert all(name in line for name in ("max_agee", "memory", "root_files"))


SECURE = {
    "SECURE_HSTS_SECONDS": 3600,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_REDIRECT_EXEMPT": [r"^static/shop/bg"],
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "SECURE_REFERRER_POLICY": "no-referrer",
    "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin-allow-popups",
}


def test_static_files_have_the_fields_that_security_middleware_gives_pages(tmp_path: Path) -> None:
    names = (
        "strict-transport-security",
        "referrer-policy",
        "cross-origin-opener-policy",
        "x-content-type-options",
    )
    static, miss, page = collected(tmp_path, **SECURE).run(
        """
        from wsgi import application
        paths = ["/static/shop/a.css", "/static/gone", "/"]
        result = [ask(application, path, x_forwarded_proto="https") for path in paths]
        """
    )
    expected = {name: page["fields"][name] for name in names}
    assert {name: static["fields"].get(name) for name in names} == expected
    assert {name: miss["fields"].get(name) for name in names} == expected


def test_an_insecure_request_is_redirected_as_django_does_and_exemptions_are_served(tmp_path: Path) -> None:
    redirected, exempt = collected(tmp_path, **SECURE).run(
        """
        from wsgi import application
        result = ask(application, "/static/shop/a.css", host="x.example"), ask(application, "/static/shop/bg.svg")
        """
    )
    assert redirected["status"] == 301
    assert redirected["fields"]["location"] == "https://x.example/static/shop/a.css"
    assert exempt["status"] == 200
    assert "strict-transport-security" not in exempt["fields"]


def test_without_security_middleware_its_settings_say_nothing(tmp_path: Path) -> None:
    answer = collected(tmp_path, MIDDLEWARE=[], **SECURE).run(
        """
        from wsgi import application
        result = ask(application, "/static/shop/a.css")
        """
    )
    assert answer["status"] == 200
    assert not {"referrer-policy", "strict-transport-security"} & set(answer["fields"])


@pytest.mark.parametrize("header", [("X_SCHEME", "https"), ["HTTP_X_SCHEME", "https"]])
def test_whatever_django_takes_for_the_proxys_word_keeps_no_site_from_starting(tmp_path: Path, header: object) -> None:
    answer = collected(tmp_path, SECURE_PROXY_SSL_HEADER=header).run(
        """
        from wsgi import application
        result = ask(application, "/static/shop/a.css")
        """
    )
    assert answer["status"] == 200


def test_the_wrapper_serves_under_runserver_with_debug_off(tmp_path: Path) -> None:
    answer = collected(tmp_path).run(
        """
        import django
        django.setup()
        from django.core.servers.basehttp import get_internal_wsgi_application
        result = ask(get_internal_wsgi_application(), "/static/shop/a.css")
        """
    )
    assert answer["status"] == 200
