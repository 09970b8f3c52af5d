"""The zstd command and Node.js as the witnesses: what we make is Dictionary-Compressed Zstandard (RFC 9842, 5)."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from staticserve import StaticServe
from staticserve.codings import zstd
from staticserve.pipeline.deltas import encode_delta
from tests.contract.exchange import Request, exchange_in_validator
from tests.deltas import (
    BROWSERS,
    MAGIC,
    available,
    decode_by_command,
    deploy,
    find_node,
    run_node,
    script,
    sha256,
    site,
    style,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Pair(NamedTuple):
    """An old content and a new one."""

    old: bytes
    new: bytes


def _edited(number: int) -> bytes:
    """Return a text with a few lines moved, added and removed."""
    chance = random.Random(number)
    lines = script(1, 2000).splitlines()
    for _ in range(number):
        place = chance.randrange(len(lines))
        lines[place:place] = [lines.pop(chance.randrange(len(lines))), chance.randbytes(20).hex().encode()]
    return b"\n".join(lines)


NOISE: Final = random.Random(11).randbytes(300_000)

PAIRS: Final = {
    "one line": Pair(script(1), script(2)),
    "one rule": Pair(style(1), style(2)),
    "twenty edits": Pair(_edited(0), _edited(20)),
    "many edits": Pair(_edited(0), _edited(700)),
    "nothing in common": Pair(NOISE[:60_000], NOISE[60_000:120_000]),
    "grown": Pair(NOISE[:50_000], NOISE),
    "shrunk": Pair(NOISE, NOISE[200_000:]),
    "moved": Pair(NOISE, NOISE[150_000:] + NOISE[:150_000]),
    "the same": Pair(style(1), style(1)),
    "one kind of octet": Pair(b"a" * 5000, b"b" * 5000),
    "of 1 KiB": Pair(style(1)[:1024], style(2)[-1024:]),
    "a frame": Pair(MAGIC + NOISE[:2000], MAGIC + NOISE[:1990]),
    # Twice as much as the window, and what is old is used as far as it reaches.
    "large": Pair(NOISE * 28, b"new" + NOISE * 27 + b"new"),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_the_zstd_command_decodes_a_delta(pair: Pair, tmp_path: Path) -> None:
    delta = encode_delta(pair.new, pair.old, sha256(pair.old))
    assert delta.startswith(MAGIC + bytes.fromhex(sha256(pair.old)))
    assert sha256(decode_by_command(delta, pair.old, tmp_path)) == sha256(pair.new)


def test_a_dictionary_is_raw_whatever_it_looks_like() -> None:
    # "raw" is the only type of dictionary (RFC 9842, 2.1.4). The command would take this for one of zstd's own form,
    # as would Node; so it is the library that decodes, as browsers have it do.
    old = bytes.fromhex("37a430ec") + NOISE[:5000]
    delta = encode_delta(NOISE[:5000] + b"new", old, sha256(old))
    module = zstd()
    decoded = module.decompress(delta[40:], zstd_dict=module.ZstdDict(old, is_raw=True).as_prefix)
    assert decoded == NOISE[:5000] + b"new"
    assert len(delta) < 200


_DECODE: Final = """
const zlib = require('node:zlib'), crypto = require('node:crypto');
const told = JSON.parse(Buffer.from('{pairs}', 'base64').toString());
process.stdout.write(JSON.stringify(told.map(([old, delta]) => {{
    const dictionary = Buffer.from(old, 'base64'), octets = Buffer.from(delta, 'base64');
    const digest = crypto.createHash('sha256').update(dictionary).digest();
    const params = {{[zlib.constants.ZSTD_d_windowLogMax]: 23}};
    const decoded = zlib.zstdDecompressSync(octets, {{dictionary, params}});
    return [digest.equals(octets.subarray(8, 40)), crypto.createHash('sha256').update(decoded).digest('hex')];
}})));
"""


@pytest.fixture(scope="module")
def node() -> str:
    # Dictionaries for Zstandard came with 24.6.
    return find_node("'zstdDecompressSync' in zlib && +process.versions.node.split('.')[0] >= 25")


def test_nodes_zlib_decodes_deltas(node: str) -> None:
    pairs = [*PAIRS.values()]
    told = [[pair.old, encode_delta(pair.new, pair.old, sha256(pair.old))] for pair in pairs]
    text = json.dumps([[base64.b64encode(each).decode() for each in two] for two in told])
    answer = run_node(node, _DECODE.format(pairs=base64.b64encode(text.encode()).decode()))
    assert json.loads(answer) == [[True, sha256(pair.new)] for pair in pairs]


def test_what_is_served_decodes_to_the_file_that_identity_is(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    for number in (1, 2, 3):
        names = deploy(tmp_path / "root", site(number))
    exchange = exchange_in_validator(StaticServe(None, tmp_path / "root"), **{"wsgi.url_scheme": "https"})
    makers: dict[str, Callable[[int], bytes]] = {"js/app.js": script, "app.css": style}
    for logical, make in makers.items():
        target = f"/{names[logical]}"
        identity = exchange(Request("GET", target)).octets
        assert identity == make(3)
        for number in (1, 2):
            old = make(number)
            fields = (("Accept-Encoding", BROWSERS), ("Available-Dictionary", available(old)))
            response = exchange(Request("GET", target, fields))
            assert response.get("Content-Encoding") == "dcz"
            assert decode_by_command(response.octets, old, tmp_path) == identity
