"""Writes the sources of a release: a style sheet and a script as large as those of a real site, and as repetitive.

All of it follows from the release's number. From one release to the next a few rules and functions change, one
function is added, and the colour is another: what a small deploy comes to.
"""

from collections.abc import Sequence
from itertools import product
from string import Template
from zlib import crc32

_WORDS = [
    "account",
    "archive",
    "avatar",
    "banner",
    "basket",
    "billing",
    "calendar",
    "comment",
    "contact",
    "coupon",
    "dialog",
    "digest",
    "draft",
    "editor",
    "event",
    "filter",
    "gallery",
    "invoice",
    "journal",
    "ledger",
    "member",
    "message",
    "notice",
    "order",
    "payment",
    "profile",
    "project",
    "receipt",
    "refund",
    "report",
    "review",
    "search",
    "session",
    "shelf",
    "shipment",
    "signup",
    "sitemap",
    "stock",
    "survey",
    "ticket",
    "timeline",
    "toolbar",
    "voucher",
    "wallet",
    "wishlist",
]
_PARTS = ("body", "button", "caption", "footer", "header", "icon", "item", "label", "link", "list", "panel", "title")
_STATES = ("", ":hover", ":focus-visible", "[aria-busy]", "[aria-current]", ".is-empty", ".is-narrow", "::before")

_DECLARATIONS = {
    "align-items": ("baseline", "center", "flex-end", "stretch"),
    "border-radius": ("0", "2px", "4px", "6px", "10px", "99px"),
    "color": ("var(--app-ink)", "var(--app-soft)", "var(--app-accent)", "currentColor"),
    "font-size": ("0.8rem", "0.875rem", "1rem", "1.05rem", "1.25rem", "1.5rem"),
    "font-weight": ("400", "500", "600", "700"),
    "gap": ("0.25rem", "0.4rem", "0.75rem", "1rem 1.5rem", "2rem"),
    "letter-spacing": ("-0.01em", "0", "0.01em", "0.04em"),
    "line-height": ("1", "1.2", "1.35", "1.5", "1.6"),
    "margin-block": ("0", "0 0.5rem", "0.75rem 1.25rem", "1rem", "2rem 1rem"),
    "max-width": ("12rem", "20ch", "36rem", "48rem", "100%"),
    "opacity": ("0.6", "0.75", "0.9", "1"),
    "padding": ("0.2rem 0.5rem", "0.35rem 0.8rem", "0.5rem", "0.75rem 1rem", "1.25rem"),
    "transition": ("color 0.1s", "opacity 0.15s ease-out", "transform 0.2s", "none"),
}

_TILES = 24
_RULES = 260
_FUNCTIONS = 110
_CHANGED = 3
"""How many rules, and how many functions, a release changes."""
_MOST_ADDED = 400
"""There are not many more names."""


def make_style_sheet(release: int) -> str:
    """Return ``app.css``."""
    head = _STYLE_HEAD.substitute(release=release, hue=(release * 137 + 75) % 360)
    tiles = [
        f".app-tile:nth-child({tile}) {{ background: hsl(calc(var(--app-hue) + {tile * 5}) 68% {36 + tile}%); }}\n"
        for tile in range(1, _TILES + 1)
    ]
    versions = _versions(_RULES, release, "rule")
    return head + "".join(tiles) + "".join(_make_rule(rule, version) for rule, version in enumerate(versions))


def make_script(release: int) -> str:
    """Return ``app.js``."""
    versions = _versions(_FUNCTIONS, release, "function")
    functions = [_make_function(function, version) for function, version in enumerate(versions)]
    added = [_make_function(_FUNCTIONS + number, number) for number in range(1, min(release, _MOST_ADDED))]
    head = _SCRIPT_HEAD.substitute(release=release)
    return head + "".join(functions + added) + _SCRIPT_FOOT.substitute(tiles=_TILES)


def _versions(count: int, release: int, kind: str) -> list[int]:
    """Return for each of ``count`` places the release that changed it last."""
    versions = [1] * count
    for number in range(2, release + 1):
        for change in range(_CHANGED):
            versions[_hash(kind, number, change) % count] = number
    return versions


def _make_rule(rule: int, version: int) -> str:
    names = sorted(_DECLARATIONS, key=lambda name: _hash(rule, version, name))[: 2 + _hash(rule, version) % 4]
    lines = [f"  {name}: {_pick(_DECLARATIONS[name], rule, version, name, 'value')};\n" for name in names]
    word, part = list(product(_WORDS, _PARTS))[rule * 2]
    return f"\n.app-{word}__{part}{_pick(_STATES, rule)} {{\n{''.join(lines)}}}\n"


def _make_function(function: int, version: int) -> str:
    words = _WORDS[function % len(_WORDS)], _pick(_WORDS, function, "second")
    return _pick(_FUNCTION_FORMS, function).substitute(
        name=f"{words[0]}-{_PARTS[function // len(_WORDS)]}",
        one=words[0],
        other=words[1],
        part=_pick(_PARTS, function, version),
        state=_pick(("hidden", "busy", "current", "expanded", "invalid", "selected"), function, version, "state"),
        event=_pick(("change", "click", "focusin", "input", "keydown", "pointerenter"), function, version, "event"),
        few=_hash(function, version, "few") % 12 + 2,
        many=_hash(function, version, "many") % 900 + 60,
    )


def _pick(choices: Sequence[str], *key: object) -> str:
    return choices[_hash("choice", *key) % len(choices)]


def _hash(*key: object) -> int:
    # The same on every machine and in every Python; and not the lowest bits, which differ little.
    return crc32(repr(key).encode()) >> 7


_STYLE_HEAD = Template("""\
/* Release $release. Made by deploys/sources.py. */
:root {
  color-scheme: light dark;
  --app-hue: $hue;
  --app-accent: hsl(var(--app-hue) 75% 32%);
  --app-ground: hsl(var(--app-hue) 55% 95%);
  --app-edge: hsl(var(--app-hue) 40% 82%);
  --app-ink: #1b2130;
  --app-soft: #4d5566;
}

@media (prefers-color-scheme: dark) {
  :root {
    --app-accent: hsl(var(--app-hue) 80% 78%);
    --app-ground: hsl(var(--app-hue) 32% 14%);
    --app-edge: hsl(var(--app-hue) 28% 28%);
    --app-ink: #eceef4;
    --app-soft: #b3bacb;
  }
}

.app-card {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1.5rem;
  align-items: end;
  justify-content: space-between;
  box-sizing: border-box;
  padding: 1.4rem 1.5rem 1.5rem;
  border: 1px solid var(--app-edge);
  border-radius: 14px;
  background: var(--app-ground);
  color: var(--app-soft);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}

.app-name { margin: 0; color: var(--app-accent); font: 750 clamp(1.8rem, 7vw, 2.4rem)/1.1 var(--heading, system-ui, sans-serif); letter-spacing: -0.02em; }
.app-count { margin: 0; }
.app-count b { color: var(--app-ink); font-variant-numeric: tabular-nums; }
.app-tiles { flex-basis: 100%; display: flex; height: 2.75rem; margin-top: 0.9rem; border-radius: 8px; overflow: hidden; }
.app-tile { flex: 1; }
""")  # noqa: E501  # as the site's other style sheets are written

_SCRIPT_HEAD = Template("""\
// Release $release. Made by deploys/sources.py.
(() => {
"use strict";

const release = $release;
const parts = new Map();

function define(name, set) {
  if (parts.has(name)) throw new Error(`$${name} is there twice`);
  parts.set(name, set);
}

function make(kind, className, text = "") {
  const element = document.createElement(kind);
  element.className = className;
  element.textContent = text;
  return element;
}
""")

_FUNCTION_FORMS = (
    Template("""
define("$name", (node, { limit = $many } = {}) => {
  const items = [...node.querySelectorAll(".app-${one}__$part")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-$state", true));
  return items.length > limit ? `$few of $${items.length} ${one}s` : `all ${one}s`;
});
"""),
    Template("""
define("$name", (node, { delay = $many } = {}) => {
  let timer = 0;
  node.addEventListener("$event", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("$other:$state", { detail: target.value })), delay);
  });
});
"""),
    Template("""
define("$name", (node, $one = {}) => {
  for (const [key, value] of Object.entries($one).slice(0, $few)) {
    const row = make("p", "app-${one}__$part", `$${key}: $${value ?? "no $other"}`);
    row.dataset.$state = String(value === undefined);
    node.append(row);
  }
});
"""),
    Template("""
define("$name", async (node, { url, tries = $few }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).$other;
    await new Promise((resolve) => setTimeout(resolve, $many * 2 ** attempt));
  }
  node.setAttribute("aria-$state", "true");
  throw new Error("no $one after $few attempts");
});
"""),
    Template("""
define("$name", (node, { total = 0, $other = $many } = {}) => {
  const share = Math.min(1, total / $other);
  const $part = node.querySelector(".app-${one}__$part") ?? node;
  $part.textContent = share < 1 ? `$${Math.round(share * 100)} % of the $one` : "the $one is full";
  $part.classList.toggle("is-$state", share >= 1 / $few);
});
"""),
)

_SCRIPT_FOOT = Template("""
for (const node of document.querySelectorAll("[data-app]")) {
  const count = make("p", "app-count", " functions");
  count.prepend(make("b", "", String(parts.size)));
  const tiles = make("div", "app-tiles");
  tiles.append(...Array.from({ length: $tiles }, () => make("i", "app-tile")));
  node.className = "app-card";
  node.dataset.app = release;
  node.replaceChildren(make("p", "app-name", `Release $${release}`), count, tiles);
}
})();
""")
