"""The doctor's page: one HTML file with everything in it, which asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.doctor.finding import ERROR, WARNING
from staticserve.doctor.page_files import select_distinct
from staticserve.doctor.page_findings import make_findings
from staticserve.doctor.page_flow import make_flow
from staticserve.doctor.page_map import make_coding_map, make_directory_map
from staticserve.doctor.page_markup import Markup, element, escape, format_count, format_name
from staticserve.doctor.page_tables import make_largest, make_releases, make_shadowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from staticserve.doctor.model import CollectedFile, Diagnosis

# The page is whole without it.
_SCRIPT: Final = """
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    getSelection().selectAllChildren(code);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
const unfold = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", unfold);
unfold();
"""

# Should a name ever get out of its text, it finds that it may neither run nor load anything.
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{}'"

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
<script>{script}</script>
</body>
</html>
"""


class _Section(NamedTuple):
    id: str
    title: str
    note: str
    content: Markup


def make_page(diagnosis: Diagnosis) -> str:
    """Return the page as HTML. Its size is bounded, however many files and findings there are."""
    script_hash = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    sections = _make_sections(diagnosis)
    return _PAGE.format(
        policy=escape(_POLICY.format(script_hash)),
        title=escape(f"{format_name(diagnosis.name)}: {_say_verdict(diagnosis)}"),
        style=files(__package__).joinpath("page.css").read_text(encoding="utf-8"),
        body=_make_head(diagnosis, sections) + _make_main(sections),
        script=_SCRIPT,
    )


def _say_verdict(diagnosis: Diagnosis) -> str:
    errors, warnings = diagnosis.count(ERROR), diagnosis.count(WARNING)
    counts = [format_count(count, noun) for count, noun in ((errors, ERROR), (warnings, WARNING)) if count]
    return " and ".join(counts) or "nothing found"


def _make_sections(diagnosis: Diagnosis) -> list[_Section]:
    distinct = select_distinct(diagnosis.files)
    flow = make_flow(diagnosis, distinct)
    note = "Each mark leads to what was found there." if diagnosis.findings else ""
    sections = [
        _Section("flow", "The way of your files", note, flow),
        _Section("findings", "What was found", "", make_findings(diagnosis.findings)),
    ]
    if any(file.bytes for file in distinct):
        sections += _make_byte_sections(distinct)
    if diagnosis.shadowed:
        count = format_count(len(diagnosis.shadowed), "name")
        note = f"{count} in several directories: the first wins, the others are never served."
        sections.append(_Section("shadowed", "Shadowed files", note, make_shadowed(diagnosis.shadowed, diagnosis.root)))
    if diagnosis.releases:
        note = "What browsers with an older page may still ask for."
        sections.append(_Section("releases", "Releases held", note, make_releases(diagnosis.releases)))
    return sections


def _make_byte_sections(distinct: Sequence[CollectedFile]) -> list[_Section]:
    note = "Each file once, whether or not it is there under its hashed name as well. Areas are bytes."
    sections = [_Section("bytes", "Bytes by directory", note, make_directory_map(distinct))]
    if any(file.codings for file in distinct):
        sections.append(_Section("coded", "Bytes by coding", "", make_coding_map(distinct)))
    sections.append(_Section("largest", "The largest files", "", make_largest(distinct)))
    return sections


def _make_head(diagnosis: Diagnosis, sections: Sequence[_Section]) -> Markup:
    skip = element("a", "Skip to what was found", href="#findings", class_="skip")
    links = (element("li", element("a", section.title, href=f"#{section.id}")) for section in sections)
    severity = ERROR if diagnosis.count(ERROR) else WARNING if diagnosis.count(WARNING) else "fine"
    return element(
        "header",
        skip,
        element("p", "staticserve doctor", class_="brand"),
        element("h1", format_name(diagnosis.name)),
        element("p", _say_verdict(diagnosis), class_=f"verdict {severity}"),
        element("nav", element("ul", *links), aria_label="On this page"),
    )


def _make_main(sections: Sequence[_Section]) -> Markup:
    return element("main", *map(_make_section, sections))


def _make_section(section: _Section) -> Markup:
    note = element("p", section.note, class_="note") if section.note else Markup()
    title = element("h2", section.title, id=f"{section.id}-title")
    return element(
        "section", title, note, section.content, id=section.id, tabindex=-1, aria_labelledby=f"{section.id}-title"
    )
