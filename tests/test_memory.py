"""The bounded table of resources that are ready to be sent."""

from __future__ import annotations

from threading import Thread
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.memory import Memory
from staticserve.model import Coded, Representation, Resource
from staticserve.octets import DeferredOctets, FileOctets, Octets
from staticserve.semantics.negotiation import IDENTITY_ONLY

# More than the octets: a resource has an object, fields and keys.
SMALL: Final = 10_000
LIMIT: Final = 10 * SMALL


def make_resource(octets: Octets) -> Resource:
    return Resource((Coded("identity", 0, octets, ""),), represent, "text/plain", None, (), allow_all_origins=True)


def represent(coded: Coded) -> Representation:
    return Representation(coded.coding, coded.size, '"tag"', coded.octets, (), (), (), {})


def test_what_was_put_is_found() -> None:
    memory, resource = Memory(LIMIT), make_resource(b"a")
    memory.put("/a", resource)
    assert memory.get("/a") is resource
    assert memory.get("/b") is None


def test_what_was_put_later_is_found() -> None:
    memory, later = Memory(LIMIT), make_resource(b"later")
    memory.put("/a", make_resource(b"earlier"))
    memory.put("/a", later)
    assert memory.get("/a") is later


def test_what_was_dropped_is_not_found_and_takes_nothing() -> None:
    memory = Memory(LIMIT)
    memory.put("/a", make_resource(b"a"))
    memory.drop("/a")
    memory.drop("/never")
    assert memory.get("/a") is None
    assert memory.used == 0


def test_what_came_first_goes_first() -> None:
    memory = Memory(LIMIT)
    for number in range(20):
        memory.put(f"/{number}", make_resource(bytes(SMALL)))
    kept = [number for number in range(20) if memory.get(f"/{number}") is not None]
    assert kept
    assert kept == list(range(20))[-len(kept) :]


def test_what_does_not_fit_at_all_is_not_kept_and_pushes_nothing_out() -> None:
    memory, small = Memory(LIMIT), make_resource(bytes(SMALL))
    memory.put("/small", small)
    memory.put("/big", make_resource(bytes(LIMIT + 1)))
    assert memory.get("/big") is None
    assert memory.get("/small") is small


def test_without_a_limit_above_nothing_nothing_is_kept() -> None:
    memory = Memory(0)
    memory.put("/a", make_resource(b""))
    assert memory.get("/a") is None


def test_a_file_takes_less_than_its_octets() -> None:
    memory = Memory(LIMIT)
    memory.put("/film", make_resource(FileOctets("/srv/film", 10**9, 0, 0, 0)))
    assert memory.get("/film") is not None
    assert 0 < memory.used <= SMALL


def load(memory: Memory, path: str, resource: Resource, octets: bytes) -> None:
    """Keep the octets of a resource whose only representation was deferred, as the adapter does."""
    (deferred,) = resource.representations
    memory.keep_octets(path, resource, deferred._replace(size=len(octets), octets=octets))


def test_octets_that_are_read_later_are_selected_from_then_on() -> None:
    memory, resource = Memory(LIMIT), make_resource(DeferredOctets(lambda: b"later"))
    memory.put("/a", resource)
    load(memory, "/a", resource, b"later")
    assert memory.get("/a") is resource
    assert resource.select(IDENTITY_ONLY).octets == b"later"
    assert resource.ready[IDENTITY_ONLY].octets == b"later"


def test_octets_that_are_read_later_push_out_what_came_first_but_not_their_own_resource() -> None:
    memory, resource = Memory(LIMIT), make_resource(DeferredOctets(lambda: b""))
    memory.put("/a", resource)
    memory.put("/b", make_resource(bytes(LIMIT // 2)))
    load(memory, "/a", resource, bytes(LIMIT // 2))
    assert memory.get("/a") is resource
    assert memory.get("/b") is None


def test_octets_that_are_read_later_and_do_not_fit_are_not_kept() -> None:
    memory, resource = Memory(LIMIT), make_resource(DeferredOctets(lambda: b""))
    memory.put("/a", resource)
    load(memory, "/a", resource, bytes(LIMIT))
    assert resource.bytes_in_memory == 0
    assert memory.used <= LIMIT


def test_octets_of_a_resource_that_is_gone_are_not_kept() -> None:
    memory, resource = Memory(LIMIT), make_resource(DeferredOctets(lambda: b""))
    load(memory, "/a", resource, b"later")
    memory.put("/a", make_resource(b"another"))
    load(memory, "/a", resource, b"later")
    assert resource.bytes_in_memory == 0
    memory.drop("/a")
    assert memory.used == 0


@given(
    st.integers(0, 200_000),
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from(["put", "defer", "load", "drop"]), st.integers(0, 60_000)),
        max_size=40,
    ),
)
def test_the_octets_in_memory_never_exceed_the_limit(limit: int, steps: list[tuple[str, str, int]]) -> None:
    memory = Memory(limit)
    for path, step, size in steps:
        resource = memory.get(path)
        if step == "put":
            memory.put(path, make_resource(bytes(size)))
        elif step == "defer":
            memory.put(path, make_resource(DeferredOctets(lambda: b"")))
        elif step == "drop":
            memory.drop(path)
        elif resource is not None:
            load(memory, path, resource, bytes(size))
        found = [memory.get(name) for name in "abcdef"]
        kept = sum(resource.bytes_in_memory for resource in found if resource is not None)
        assert kept <= memory.used <= limit
    for path in "abcdef":
        memory.drop(path)
    assert memory.used == 0


@pytest.mark.parametrize("threads", [8])
def test_threads_leave_the_count_right(threads: int) -> None:
    memory = Memory(5 * SMALL)

    def work(thread: int) -> None:
        for number in range(200):
            memory.put(f"/{(thread + number) % 12}", make_resource(bytes(number)))
            memory.drop(f"/{(thread * number) % 12}")

    workers = [Thread(target=work, args=(thread,)) for thread in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert 0 <= memory.used <= memory.limit
    for number in range(12):
        memory.drop(f"/{number}")
    assert memory.used == 0
