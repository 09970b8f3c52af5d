"""The findings on the page: grouped by id, each with its reason, its place and a cure that can be copied."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.doctor.finding import ERROR
from staticserve.doctor.page_markup import Markup, element, format_count, format_name, join

if TYPE_CHECKING:
    from collections.abc import Iterable

    from staticserve.doctor.finding import Finding

MAX_WHOLE: Final = 3
"""So many findings of one id are shown with everything; of the next, message and place."""

MAX_BRIEF: Final = 25

MAX_GROUPS: Final = 100

_MAX_BRIEF_TEXT: Final = 300

_MAX_OPEN: Final = 12
"""Up to so many groups are all unfolded; with more, the errors."""


class FindingGroup(NamedTuple):
    """The findings of one id."""

    id: str
    findings: tuple[Finding, ...]

    @property
    def short_id(self) -> str:
        """Return the id without the package's name: E001."""
        return self.id.rpartition(".")[2]

    @property
    def severity(self) -> str:
        """Return the severity, which all have."""
        return self.findings[0].severity


def group_findings(findings: Iterable[Finding]) -> list[FindingGroup]:
    """Return the findings by id, errors first, and else in their order."""
    places: dict[str, int] = {}
    for finding in findings:
        places.setdefault(finding.id, len(places))
    ordered = sorted(findings, key=lambda finding: (finding.severity != ERROR, places[finding.id]))
    return [FindingGroup(id_, tuple(group)) for id_, group in groupby(ordered, key=lambda finding: finding.id)]


def make_badges(findings: Iterable[Finding]) -> Markup:
    """Return a link to each id, with how often it was found."""
    groups = group_findings(findings)
    if not groups:
        return Markup()
    return element("ul", *(element("li", _make_badge(group)) for group in groups), class_="badges")


def make_findings(findings: Iterable[Finding]) -> Markup:
    """Return all findings, unfolded where there are few enough."""
    groups = group_findings(findings)
    if not groups:
        return element("p", "Nothing is wrong, as far as the doctor can see.", class_="fine")
    items = [
        _make_group(group, is_open=group.severity == ERROR or len(groups) <= _MAX_OPEN) for group in groups[:MAX_GROUPS]
    ]
    if len(groups) > MAX_GROUPS:
        items.append(element("p", f"And {len(groups) - MAX_GROUPS:,} other ids.", class_="more"))
    return join(items)


def _make_badge(group: FindingGroup) -> Markup:
    count = len(group.findings)
    text = group.short_id if count == 1 else f"{group.short_id} × {count:,}"
    title = format_name(group.findings[0].message)
    return element("a", text, href=f"#{group.short_id}", class_=f"badge {group.severity}", title=title)


def _make_group(group: FindingGroup, *, is_open: bool) -> Markup:
    first, count = group.findings[0], len(group.findings)
    headline, _, more = first.message.partition("\n")
    summary = element(
        "summary",
        element("span", group.severity, class_=f"badge {group.severity}"),
        element("h3", headline),
        element("span", group.id, class_="id"),
    )
    body = [_make_body(first, more)]
    if count > 1:
        body.append(element("p", f"Found {count:,} times. The others:", class_="more"))
    body += [_make_again(finding, first) for finding in group.findings[1:MAX_WHOLE]]
    if count > MAX_WHOLE:
        body.append(_make_brief(group.findings[MAX_WHOLE:]))
    content = element("div", *body, class_="body")
    return element("details", summary, content, id=group.short_id, class_=f"finding {group.severity}", open=is_open)


def _make_body(finding: Finding, more: str) -> Markup:
    parts = [element("p", more, class_="message")] if more else []
    parts.append(_make_place(finding))
    parts.append(_make_why(finding.why))
    parts.append(_make_cure(finding.cure))
    return join(parts)


def _make_again(finding: Finding, first: Finding) -> Markup:
    """Return a finding of the same id, without what it has in common with the first."""
    parts = [element("p", finding.message, class_="message"), _make_place(finding)]
    if finding.why != first.why:
        parts.append(_make_why(finding.why))
    if finding.cure != first.cure:
        parts.append(_make_cure(finding.cure))
    return element("div", *parts, class_="again")


def _make_brief(findings: tuple[Finding, ...]) -> Markup:
    items = [
        element("li", finding.message.partition("\n")[0][:_MAX_BRIEF_TEXT], " ", _make_place(finding))
        for finding in findings[:MAX_BRIEF]
    ]
    if len(findings) > MAX_BRIEF:
        items.append(element("li", f"and {format_count(len(findings) - MAX_BRIEF, 'more finding')}", class_="more"))
    return element("details", element("summary", f"{len(findings):,} more"), element("ul", *items), class_="brief")


def _make_place(finding: Finding) -> Markup:
    if finding.file is None:
        return Markup()
    line = "" if finding.line is None else f":{finding.line}"
    return element("p", element("code", format_name(finding.file) + line), class_="place")


def _make_why(why: str) -> Markup:
    return element("p", element("strong", "Why it matters. "), why)


def _make_cure(cure: str) -> Markup:
    if not cure:
        return Markup()
    button = element("button", "Copy", type="button", class_="copy", hidden=True, aria_live="polite")
    code = element("pre", element("code", cure), tabindex=0)
    return element("div", element("strong", "What to do"), button, code, class_="cure")
