"""Results of pure functions: what is kept, for how long, and that nobody can change what others get."""

from __future__ import annotations

from typing import ClassVar

from dana.poet.caching import LOOK_AGAIN, MAX_ITEMS, MISS, Cache, can_keep, copied, key_of


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_least_recently_used_makes_room():
    cache = Cache(Clock(), size=2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert [cache.get(key) for key in "abc"] == [1, MISS, 3]
    assert (cache.hits, cache.misses, len(cache)) == (3, 1, 2)
    cache.clear()
    assert len(cache) == 0


def test_what_is_too_old_is_not_given():
    clock = Clock()
    cache = Cache(clock, ttl=10)
    cache.put("a", 1)
    clock.now = 9.9
    assert cache.get("a") == 1
    clock.now = 10
    assert cache.get("a") is MISS


def test_lists_and_dicts_are_copied_for_everyone():
    cache = Cache(Clock())
    value = {"rows": [1, {"n": 2}]}
    cache.put("a", value)
    value["rows"].append(3)
    first = cache.get("a")
    first["rows"].clear()
    assert cache.get("a") == {"rows": [1, {"n": 2}]}


def test_what_could_change_or_is_large_is_not_kept():
    assert can_keep((1, "two", None))
    assert can_keep([1, {"a": [2]}])
    assert not can_keep({1, 2})
    assert not can_keep([object()])
    assert not can_keep(list(range(MAX_ITEMS + 1)))
    cache = Cache(Clock())
    cache.put("a", {1, 2})
    assert cache.get("a") is MISS


def test_keys_tell_kinds_apart():
    assert len({key_of((value,), {}) for value in (1, 1.0, True)}) == 3
    assert key_of((1,), {"a": (1, "x")}) == key_of((1,), {"a": (1, "x")})
    assert key_of(([1],), {}) is None
    assert key_of((), {"a": [1]}) is None


def test_now_and_then_a_result_is_computed_anew_for_whoever_learns_its_age():
    class Learner:
        heard: ClassVar[list] = []

    clock = Clock()
    cache = Cache(clock, ttl=100)
    cache.heard = Learner()
    cache.put("a", 1)
    got = [cache.get("a") for _ in range(LOOK_AGAIN)]
    assert got[:-1] == [1] * (LOOK_AGAIN - 1)
    assert got[-1] is MISS
    clock.now = 5
    cache.put("a", 2)
    assert Learner.heard == [("age", 5.0, True)]


def test_copies_are_equal():
    assert copied("text") == "text"
    assert copied([1, {"a": (2,)}]) == [1, {"a": (2,)}]
