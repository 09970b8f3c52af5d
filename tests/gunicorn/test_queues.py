"""The queue of connections by deadline, against what gunicorn does with its deque."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.gunicorn.queues import DeadlineQueue


class _Timed:
    def __init__(self, timeout: float) -> None:
        self.timeout = timeout


def test_connections_leave_in_the_order_of_their_deadlines() -> None:
    queue = DeadlineQueue()
    first, second, third = _Timed(1), _Timed(2), _Timed(3)
    for each in (first, second, third):
        queue.append(each)
    assert queue[0] is first
    first.timeout = 4
    assert [queue.popleft() for _ in range(3)] == [second, third, first]


def test_a_queue_without_a_connection_raises_as_a_deque_does() -> None:
    queue = DeadlineQueue()
    with pytest.raises(IndexError):
        queue[0]
    with pytest.raises(IndexError):
        queue.popleft()
    with pytest.raises(ValueError, match="not queued"):
        queue.remove(_Timed(1))


@given(st.lists(st.tuples(st.sampled_from(["append", "use", "pop", "remove"]), st.integers(0, 9)), max_size=60))
def test_with_equal_patience_nobody_waits_twice_as_long(steps: list[tuple[str, int]]) -> None:
    queue = DeadlineQueue()
    held: list[_Timed] = []
    for now, (step, number) in enumerate(steps):
        if step == "append":
            held.append(_Timed(now + 5))
            queue.append(held[-1])
        elif held and step == "use":
            held[number % len(held)].timeout = now + 5
        elif held and step == "remove":
            queue.remove(held.pop(number % len(held)))
        elif held:
            held.remove(queue.popleft())
        assert len(queue) == len(held)
        assert bool(queue) == bool(held)
        assert set(queue) == set(held)
        if held:
            assert queue[0].timeout <= min(each.timeout for each in held) + 5
