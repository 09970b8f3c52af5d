"""The page: nothing in it is more than text, it fits any project, and it looks right in a real browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.doctor.finding import Finding
from staticserve.doctor.model import CollectedFile, Diagnosis, HeldRelease, ShadowedName, Source
from staticserve.doctor.page import make_page
from staticserve.doctor.page_files import select_distinct, sum_codings
from staticserve.doctor.page_flow import shorten_path
from staticserve.doctor.page_markup import element, format_bytes, format_name, format_share
from staticserve.doctor.page_treemap import Box, Leaf, build_tree, make_groups, squarify
from tests.demo.browser import BINARY, Page, open_browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT: Final = "/srv/shop"
PACKAGES: Final = "/opt/env/lib/python3.14/site-packages"


def make_finding(number: int, topic: str = "settings", *, severity: str = "error", **changes: object) -> Finding:
    values: dict[str, object] = {
        "id": f"staticserve.{severity[0].upper()}{number:03}",
        "severity": severity,
        "topic": topic,
        "message": f"Something is wrong, number {number}.",
        "why": "Browsers then show the page without its style.",
        "cure": "python manage.py collectstatic",
    }
    return Finding(**values | changes)  # type: ignore[arg-type]  # the values are as varied as the fields


def make_sample() -> Diagnosis:
    """Return a project in which much is wrong, and everything that the page can show is there."""
    findings = (
        make_finding(
            1,
            "collecting",
            message="STATIC_ROOT has no manifest: the storage looks for staticfiles.json in staticfiles/, "
            "and there is none.",
            why="Every page that uses {% static %} is then answered by a 500.",
            cure="python manage.py collectstatic --noinput\nheroku config:unset DISABLE_COLLECTSTATIC",
        ),
        make_finding(
            6,
            "serving",
            message="Nothing serves static files with DEBUG=False.",
            why="runserver does not, and gunicorn never did.",
            cure="# wsgi.py\nfrom django.core.wsgi import get_wsgi_application\n"
            "from staticserve.django import serve_static\n\napplication = serve_static(get_wsgi_application())",
            file="shop/wsgi.py",
            line=16,
        ),
        *(
            make_finding(
                2,
                "templates",
                message=f'{{% static "shop/Logo{number}.svg" %}} names a file that is not there.\n'
                f"The nearest is shop/logo{number}.svg.",
                why="With a manifest an unknown name is an error, and the page a 500.",
                cure=f'{{% static "shop/logo{number}.svg" %}}',
                file="catalog/templates/catalog/index.html",
                line=number,
            )
            for number in range(3, 60)
        ),
        make_finding(
            5,
            "settings",
            severity="warning",
            message="settings.py:87 sets STATIC_URL to '/assets/'; the live value is '/static/', overwritten at "
            "line 120 by django_heroku.settings(locals()).",
            why="What you wrote has no effect.",
            cure="django_heroku.settings(locals(), staticfiles=False)",
            file="shop/settings.py",
            line=120,
        ),
        make_finding(
            12,
            "files",
            severity="warning",
            message="3 names are in several apps with different contents.",
            why="Only the first is ever served.",
            cure="Move each app's files to static/<app>/.",
            file="catalog/static/style.css",
        ),
        make_finding(
            22,
            "collecting",
            severity="warning",
            message="css/site.3f2a91c07b1d.css is not what its name says.",
            file="staticfiles/css/site.3f2a91c07b1d.css",
        ),
        make_finding(
            36,
            "deploy",
            severity="warning",
            message="DISABLE_COLLECTSTATIC is set.",
            why="The build leaves out the step that makes STATIC_ROOT.",
            cure="heroku config:unset DISABLE_COLLECTSTATIC",
        ),
    )
    sources = (
        Source(f"{ROOT}/assets", None, 86, 4_310_000),
        Source(f"{PACKAGES}/django/contrib/admin/static", "django.contrib.admin", 127, 2_160_000),
        Source(f"{ROOT}/catalog/static", "catalog", 31, 912_000),
        Source(f"{ROOT}/basket/static", "basket", 4, 21_300),
        Source(f"{ROOT}/empty/static", "empty", 0, 0),
        *(Source(f"{PACKAGES}/plugin{n}/static", f"plugin{n}", n, 1000 * n) for n in range(1, 15)),
    )
    return Diagnosis(
        name="shop.settings",
        root=ROOT,
        static_url="static/",
        static_root=f"{ROOT}/staticfiles",
        debug=False,
        storage="django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        server=None,
        sources=sources,
        findings=findings,
        files=tuple(make_files()),
        shadowed=(
            ShadowedName("style.css", f"{ROOT}/assets/style.css", (f"{ROOT}/catalog/static/style.css",), True),
            ShadowedName(
                "admin/css/base.css",
                f"{ROOT}/assets/admin/css/base.css",
                (f"{PACKAGES}/django/contrib/admin/static/admin/css/base.css",),
                True,
            ),
            ShadowedName(
                "img/cart.svg",
                f"{ROOT}/catalog/static/img/cart.svg",
                tuple(f"{PACKAGES}/plugin{number}/static/img/cart.svg" for number in range(1, 9)),
                False,
            ),
        ),
        releases=(
            HeldRelease("3f2a91c07b1d", 248, 7_400_000, "2026-11-24T09:30:00Z", True),
            HeldRelease("77ab01ff3c55", 241, 7_200_000, "2026-11-17T16:02:11Z"),
            HeldRelease("01bc4412aa90", 240, 7_190_000),
        ),
    )


def make_files() -> list[CollectedFile]:
    """Return files of all kinds, each under its hashed name as well."""
    sizes = {
        "css/site.css": 48_000,
        "css/print.css": 3_100,
        "js/app.js": 412_000,
        "js/vendor/react.js": 138_000,
        "js/vendor/chart.js": 205_000,
        "js/app.js.map": 1_210_000,
        "fonts/inter.woff2": 98_000,
        "fonts/inter-bold.woff2": 104_000,
        "video/intro.mp4": 1_640_000,
        "favicon.ico": 15_000,
        "robots.txt": 64,
        "catalog/catalog.css": 22_000,
        "catalog/catalog.js": 61_000,
    }
    sizes |= {f"img/photo{number}.jpg": 9_000 + 7_400 * number for number in range(22)}
    sizes |= {f"admin/js/vendor/select2/i18n/{number}.js": 900 + 11 * number for number in range(60)}
    sizes |= {f"admin/css/part{number}.css": 2_000 + 900 * number for number in range(14)}
    sizes |= {f"admin/img/icon{number}.svg": 300 + 20 * number for number in range(30)}
    sizes |= {"admin/js/vendor/jquery/jquery.js": 285_000, "admin/js/vendor/xregexp/xregexp.js": 232_000}
    files = []
    for name, size in sizes.items():
        stem, dot, extension = name.rpartition(".")
        text = extension in ("css", "js", "map", "svg", "txt")
        codings = {"gzip": size * 30 // 100, "br": size * 24 // 100, "zstd": size * 28 // 100} if text else {}
        files.append(CollectedFile(name, size, codings))
        files.append(CollectedFile(f"{stem}.3f2a91c07b1d{dot}{extension}", size, codings, logical=name))
    return files


class Element(NamedTuple):
    """An element of a page: its name, its attributes, and the classes of itself and of all that it is in."""

    name: str
    attributes: dict[str, str | None]
    classes: list[str]


class Reader(HTMLParser):
    """Reads a page into its elements and what is said in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.texts: list[tuple[str, list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        classes = (attributes.get("class") or "").split()
        self.elements.append(Element(tag, attributes, [*self._classes(), *classes]))
        if tag not in ("meta", "link", "wbr"):
            self._open.append((tag, classes))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self._open.pop()
        assert opened == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((data, self._classes()))

    def _classes(self) -> list[str]:
        return [name for _, classes in self._open for name in classes]

    def said_in(self, *classes: str) -> list[str]:
        """Return the texts that are inside of elements of all these classes."""
        return [text for text, around in self.texts if set(classes) <= set(around)]


# The map.


sizes = st.lists(st.integers(1, 10**12), min_size=1, max_size=120).map(lambda each: sorted(each, reverse=True))
sides = st.floats(1, 2_000)


@given(sizes, sides, sides)
def test_areas_are_as_the_sizes_and_inside_the_box(sizes: list[int], width: float, height: float) -> None:
    boxes = squarify(sizes, Box(0, 0, width, height))
    assert len(boxes) == len(sizes)
    whole, total = width * height, sum(sizes)
    for size, box in zip(sizes, boxes, strict=True):
        assert box.width * box.height == pytest.approx(size / total * whole, rel=1e-5, abs=whole * 2e-9)
        assert -1e-6 <= box.x <= box.x + box.width <= width * (1 + 1e-6)
        assert -1e-6 <= box.y <= box.y + box.height <= height * (1 + 1e-6)


@given(sizes)
def test_rectangles_do_not_overlap(sizes: list[int]) -> None:
    boxes = squarify(sizes, Box(0, 0, 160, 80))
    for one, other in combinations(boxes, 2):
        width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
        height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
        assert min(width, height) < 1e-6


def test_the_layout_is_that_of_the_paper() -> None:
    # Bruls, Huizing, van Wijk, section 3: 6, 6, 4, 3, 2, 2, 1 in six by four.
    boxes = squarify([6, 6, 4, 3, 2, 2, 1], Box(0, 0, 6, 4))
    right = 3 + 12 / 7
    expected = [(0, 0, 3, 2), (0, 2, 3, 2), (3, 0, 12 / 7, 7 / 3), (right, 0, 9 / 7, 7 / 3)]
    for box, each in zip(boxes, expected, strict=False):
        assert box == pytest.approx(each)


names = st.lists(st.sampled_from(["a", "b", "c", "d.css", "e.js"]), min_size=1, max_size=5).map("/".join)


@given(
    st.lists(
        st.builds(Leaf, names, st.integers(1, 10**9), st.sampled_from(["style", "script"]), st.just(1)), max_size=60
    )
)
def test_what_is_drawn_has_all_files_and_bytes(leaves: list[Leaf]) -> None:
    groups = make_groups(build_tree(leaves), max_groups=2, max_cells=9)
    assert sum(group.size for group in groups) == sum(leaf.size for leaf in leaves)
    for group in groups:
        assert group.size == sum(cell.size for cell in group.cells)
        assert group.files == sum(cell.files for cell in group.cells)
        assert [cell.size for cell in group.cells] == sorted((cell.size for cell in group.cells), reverse=True)


def test_the_largest_directory_is_divided_first() -> None:
    leaves = [Leaf(f"large/deep/{number}.js", 1_000, "script") for number in range(6)]
    leaves += [Leaf(f"small/{number}.css", 100, "style") for number in range(6)]
    groups = make_groups(build_tree(leaves), max_cells=9)
    assert [group.name for group in groups] == ["large/", "small/"]
    assert [cell.name for cell in groups[0].cells] == [f"deep/{number}.js" for number in range(6)]
    assert [cell.name for cell in groups[1].cells] == ["small/"]


# The numbers.


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.00 KB"),
        (24_099, "24.1 KB"),
        (999_499, "999 KB"),
        (999_500, "1.00 MB"),
        (123_456_789_000, "123 GB"),
        (5_000_000_000_000, "5,000 GB"),
    ],
)
def test_bytes_have_three_digits(size: int, text: str) -> None:
    assert format_bytes(size).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0 %"), (0, 9, "0 %"), (1, 10**6, "< 0.1 %"), (42, 1_000, "4.2 %"), (299, 1_000, "30 %"), (9, 9, "100 %")],
)
def test_a_share_that_is_there_is_not_called_nothing(part: int, whole: int, text: str) -> None:
    assert format_share(part, whole).replace("\xa0", " ") == text


def test_a_file_counts_once_with_its_hashed_twin() -> None:
    twins = [CollectedFile("a.css", 10), CollectedFile("a.0123456789ab.css", 10, {"br": 4}, logical="a.css")]
    alone = [CollectedFile("old.0123456789ab.css", 7), CollectedFile("b.png", 5)]
    assert select_distinct([*twins, *alone]) == [twins[1], *alone]
    assert sum_codings([*twins[1:], *alone]) == [("identity", 3, 22, 22), ("br", 1, 4, 10)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{ROOT}/assets/a.css", "assets/a.css"),
        (f"{PACKAGES}/django/a.css", "…/site-packages/django/a.css"),
        ("/srv/shopping/a.css", "/srv/shopping/a.css"),
    ],
)
def test_a_path_is_said_from_where_people_look_for_it(path: str, text: str) -> None:
    assert shorten_path(path, ROOT) == text


# What is only text.

HOSTILE: Final = (
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "</style></script></title><svg onload=alert(1)>",
    "a\nb\tc\x00\x1b[31m\u202egnp.exe\udcff",
    "javascript:alert(1)",
    "&lt;b&gt; {style} {0} %s",
)


def make_hostile(text: str) -> Diagnosis:
    """Return a project in which everything that somebody else may have written is this text."""
    path = f"/{text}"
    topics = ("settings", "files", "templates", "collecting", "serving", "deploy")
    findings = tuple(
        make_finding(number, topic, id=f"staticserve.{text}", message=text, why=text, cure=text, file=path, line=1)
        for number, topic in enumerate(topics * 9)
    )
    return Diagnosis(
        name=text,
        root="/",
        static_url=text,
        static_root=path,
        storage=text,
        server=text,
        sources=(Source(path, text, 1, 1), Source(path + "2", None, 1, 1)),
        findings=findings,
        files=(
            CollectedFile(f"{text}.css", 9, {text: 3}, logical=f"{text}/{text}"),
            CollectedFile(text, 4),
        ),
        shadowed=(ShadowedName(text, path, (path,), True),),
        releases=(HeldRelease(text, 1, 1, text, True),),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_messages_are_never_more_than_text(text: str) -> None:
    hostile = Reader(make_page(make_hostile(text))).elements
    known = {(each.name, *sorted(each.attributes)) for each in Reader(make_page(make_sample())).elements}
    assert {(each.name, *sorted(each.attributes)) for each in hostile} <= known
    assert [each.name for each in hostile].count("script") == 1
    for each in hostile:
        href = each.attributes.get("href")
        assert href is None or href == "data:," or href.startswith("#")


@given(st.text(), st.text())
def test_an_element_says_its_text(text: str, value: str) -> None:
    read = Reader(element("p", text, title=value))
    said = "".join(each for each, _ in read.texts)
    assert len(read.elements) == 1
    if text.isprintable() and value.isprintable():
        assert (said, read.elements[0].attributes["title"]) == (text, value)


def test_what_a_browser_would_not_show_is_spelt() -> None:
    assert format_name("a\nb\tc\x00\x1b\u202e\udcff") == r"a\nb\tc\x00\x1b\u202e\udcff"


@pytest.mark.parametrize("text", HOSTILE)
def test_the_page_can_be_written_as_utf_8(text: str) -> None:
    make_page(make_hostile(text)).encode()


def test_the_policy_lets_nothing_in_but_the_pages_own_script() -> None:
    page = make_page(make_sample())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src &#x27;none&#x27;")
    assert "unsafe-inline&#x27;; script-src &#x27;sha256-" in policy
    assert not re.search(r"https?://", page)


# What is shown.


def test_errors_come_first_and_each_id_once() -> None:
    warning, error = make_finding(9, severity="warning"), make_finding(1)
    page = Reader(make_page(Diagnosis("shop", ROOT, findings=(warning, error, warning))))
    ids = [each.attributes["id"] for each in page.elements if "finding" in each.classes and each.name == "details"]
    assert ids == ["E001", "W009"]
    assert "1 error and 2 warnings" in "".join(page.said_in("verdict")).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("W005", ["strip"]),
        ("W012", ["sources", "source"]),
        ("E001", ["step"]),
        ("W022", ["place", "root"]),
        ("E006", ["step", "missing"]),
        ("E002 × 57", ["place", "urls"]),
        ("W036", ["strip"]),
    ],
)
def test_a_mark_is_where_the_finding_arises(text: str, classes: list[str]) -> None:
    page = Reader(make_page(make_sample()))
    assert text in page.said_in("flow", "badge", *classes)


def test_every_link_leads_somewhere() -> None:
    page = Reader(make_page(make_sample()))
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    for each in page.elements:
        if each.name == "a":
            assert (each.attributes["href"] or "").removeprefix("#") in ids


def test_a_healthy_project_is_told_so() -> None:
    page = Reader(make_page(Diagnosis("shop", ROOT, static_url="/static/", static_root=f"{ROOT}/out")))
    assert "nothing found" in page.said_in("verdict")
    assert page.said_in("badge") == []


def test_a_project_of_which_nothing_is_known_has_a_page() -> None:
    page = Reader(make_page(Diagnosis("", "")))
    assert page.said_in("place", "missing").count("is not set") == 2


def test_a_long_text_is_cut() -> None:
    assert len(make_page(Diagnosis("x", ROOT, findings=(make_finding(1, cure="y" * 10**6),)))) < 50_000


def test_the_page_of_a_huge_project_is_not_huge() -> None:
    files = [CollectedFile(f"d{n % 50}/e{n % 700}/{'long' * 40}{n}.js", 1_000 + n, {"br": 300}) for n in range(100_000)]
    names = [
        ShadowedName(f"{n}.js", f"/a/{n}.js", tuple(f"/{m}/{n}.js" for m in range(50)), n > 300) for n in range(900)
    ]
    huge = Diagnosis(
        "huge",
        ROOT,
        static_url="/static/",
        static_root=f"{ROOT}/out",
        sources=tuple(Source(f"{ROOT}/{n}", f"app{n}", n, n) for n in range(3_000)),
        findings=tuple(
            make_finding(n % 400, "files", message="m" * 500, file=f"{ROOT}/{n % 3_000}/x") for n in range(50_000)
        ),
        files=tuple(files),
        shadowed=tuple(names),
        releases=tuple(HeldRelease(f"{n:012x}", 100_000, 10**9) for n in range(1_000)),
    )
    page = make_page(huge)
    assert len(page) < 2_000_000
    assert len(make_page(huge_but_for_findings(huge))) < 200_000


def huge_but_for_findings(huge: Diagnosis) -> Diagnosis:
    return Diagnosis(huge.name, huge.root, sources=huge.sources, files=huge.files, shadowed=huge.shadowed)


# In a browser.


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Start a browser."""
    if BINARY is None:
        pytest.skip("there is no chromium on this machine")
    with open_browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the page of the sample, and return where it is."""
    path = tmp_path_factory.mktemp("page") / "doctor.html"
    path.write_text(make_page(make_sample()), encoding="utf-8")
    return path.as_uri()


def visit(browser: Page, url: str, *, scheme: str = "light", width: int = 1280) -> None:
    """Open the page as a system with these colours and a window of this width shows it."""
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.open(url)


def press(browser: Page, key: str, code: int) -> None:
    """Press a key and let it go."""
    for kind in ("keyDown", "keyUp"):
        text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
        browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_it_without_a_complaint_or_a_request(
    browser: Page, url: str, tmp_path: Path, scheme: str, width: int
) -> None:
    visit(browser, url, scheme=scheme, width=width)
    asked = [each.params["request"]["url"] for each in browser.events if each.method == "Network.requestWillBeSent"]
    assert [each for each in asked if not each.startswith("data:")] == [url]
    assert browser.complaints() == []
    assert browser.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    picture = tmp_path / f"{scheme}-{width}.png"
    browser.screenshot(picture)
    assert picture.stat().st_size > 50_000


_CONTRASTS: Final = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : colour;
  };
  const poor = [];
  for (const element of document.body.querySelectorAll("*")) {
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!says || element.matches("script")) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) poor.push(`${element.className} ${element.textContent}: ${contrast}`);
  }
  return poor;
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_as_wcag_wants_it(browser: Page, url: str, scheme: str) -> None:
    visit(browser, url, scheme=scheme)
    assert browser.evaluate(_CONTRASTS) == []


def test_everything_is_reached_with_the_tab_key_and_seen_to_be(browser: Page, url: str) -> None:
    visit(browser, url)
    reached: list[dict[str, Any]] = []
    while True:
        press(browser, "Tab", 9)
        now = browser.evaluate(
            "(({ style, outlineStyle, node }) => ({ name: node.tagName, kind: node.className, text: node.textContent,"
            " outline: outlineStyle }))({ ...(() => { const node = document.activeElement;"
            " return { node, outlineStyle: getComputedStyle(node).outlineStyle }; })() })"
        )
        if now["name"] == "BODY" or len(reached) > 200:
            break
        reached.append(now)
    assert reached[0]["kind"] == "skip"
    assert all(each["outline"] not in ("none", "") for each in reached)
    kinds = {each["kind"] for each in reached}
    assert {"badge error", "badge warning", "copy", "frame"} <= kinds
    summaries = [each["text"] for each in reached if each["name"] == "SUMMARY"]
    assert sum("staticserve." in text for text in summaries) == 7


def test_the_skip_link_leads_to_the_findings(browser: Page, url: str) -> None:
    visit(browser, url)
    press(browser, "Tab", 9)
    press(browser, "Enter", 13)
    browser.wait_for(lambda: browser.evaluate("location.hash === '#findings'"), "the skip link")
    assert browser.evaluate("document.activeElement.id") == "findings"


def test_a_mark_unfolds_what_it_leads_to(browser: Page, url: str) -> None:
    visit(browser, url)
    browser.evaluate("document.getElementById('W005').open = false")
    browser.evaluate("document.querySelector('a[href=\"#W005\"]').click()")
    browser.wait_for(lambda: browser.evaluate("document.getElementById('W005').open"), "the finding to unfold")


def test_a_cure_is_copied_or_at_least_selected(browser: Page, url: str) -> None:
    visit(browser, url)
    browser.evaluate("document.querySelector('#E001 button.copy').click()")
    said = "document.querySelector('#E001 button.copy').textContent"
    browser.wait_for(lambda: browser.evaluate(said) in ("Copied", "Selected"), "the button to say so")
    cure = "python manage.py collectstatic --noinput\nheroku config:unset DISABLE_COLLECTSTATIC"
    assert browser.evaluate("getSelection().toString()").strip() == cure


def test_the_page_is_whole_without_scripts(browser: Page, url: str) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        visit(browser, url)
        assert browser.evaluate("document.querySelectorAll('details.finding[open]').length") == 7
        assert browser.evaluate("getComputedStyle(document.querySelector('button.copy')).display") == "none"
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_rectangles_on_the_screen_have_the_areas_of_the_directories(browser: Page, url: str, width: int) -> None:
    visit(browser, url, width=width)
    frames = browser.evaluate(
        "[...document.querySelectorAll('#bytes .frame')].map((frame) => [frame.getAttribute('aria-label'),"
        " frame.getBoundingClientRect().width * frame.getBoundingClientRect().height])"
    )
    area = {label.partition(":")[0]: area for label, area in frames}
    sizes: dict[str, int] = {}
    for file in select_distinct(make_sample().files):
        top = (file.logical or file.name).partition("/")[0]
        sizes[top] = sizes.get(top, 0) + file.bytes
    for name in ("js", "img", "video", "admin", "fonts"):
        assert area[name] / area["js"] == pytest.approx(sizes[name] / sizes["js"], rel=0.02)
