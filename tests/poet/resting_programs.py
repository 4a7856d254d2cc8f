"""The programs of `test_resting.py`: functions that end in an effect, decorated, and side by side."""

from __future__ import annotations

PLAIN = """
def plain(x):
    return fetch(x)

def whole(x) -> int:
    return fetch(x)

def branch(x):
    if x == "ok":
        return fetch(x)
    elif x == "text":
        match x:
            case "text":
                return fetch("ok 3")
    while True:
        return fetch(x)

struct Answer:
    n: int

def answer(a: Answer) -> Answer:
    return mirror(a)

def caught(x):
    try:
        return fetch(x)
    except Exception as e:
        return f"caught {e}"
    finally:
        say("left")

def inner(x):
    return fetch(x)

def outer(x):
    return inner(x)

def several(xs):
    return sorted(xs, key=plain)

def listed(xs):
    return parallel(fetch, xs)

def late(x):
    a = fetch("ok 1")
    b = fetch(x)
    return fetch(x)
"""

POET = """
def mild(r):
    if r == 1:
        raise "too small"
    return r

def told(r, call):
    say(f"attempt {call.attempt}")
    return r

def lost(r):
    pass

def second(x):
    return fetch("ok 99")

def reads(x):
    return {"x": x + " 5"}

def learns(call, value, figures):
    say(f"{value} {figures['attempts']}")

@poet(retries=2, backoff=0.001, jitter="none")
def f(x) -> int:
    return fetch(x)

@poet(retries=2, backoff=0.001, jitter="none", timeout=0.1)
def timed(x):
    return fetch(x)

@poet(retries=2, backoff=0.001, jitter="none", attempt_timeout=0.08)
def tried(x):
    return fetch(x)

@poet(retries=0, breaker={"least": 2, "window": 4})
def guarded(x):
    return fetch(x)

@poet(retries=1, backoff=0.001, bulkhead=2, timeout=5, breaker=true)
def crowded(x):
    return fetch(x)

@poet(retries=1, backoff=0.001, jitter="none", fallback=second)
def saved(x):
    return fetch(x)

@poet(retries=2, backoff=0.001, jitter="none", enforce_handler=mild)
def checked(x) -> int:
    return fetch(x)

@poet(retries=2, backoff=0.001, jitter="none", enforce_handler=told)
def telling(x):
    return fetch(x)

@poet(enforce_handler=lost)
def losing(x):
    return fetch(x)

@poet(perceive_handler=reads, train_handler=learns)
def perceived(x):
    return fetch(x)

@poet(cache=60)
def kept(x):
    return fetch(x)

@poet(retries=1, backoff=0.001, jitter="none", audit_trail=true)
def audited(x):
    return fetch(x)

@poet(hedge=0.1, retries=0)
def hedged(x):
    return fetch(x)

@poet(retries=3, backoff=0.001, jitter="none", retry_budget=0.01)
def frugal(x):
    return fetch(x)

@poet(rollout=0.0)
def spared(x):
    return fetch(x)

@poet(retries=1, backoff=0.001, jitter="none", retry_budget=0.5, audit_trail=true)
def thrifty(x):
    return fetch(x)

@poet(retries=1, backoff=0.001, store="memory:")
def learning(x):
    return fetch(x)

@poet(cache=60)
def pure(x, y=1):
    if x == "ask":
        return fetch("ok 1")
    return x + str(y)

@poet(interrupts="on", retries=0)
def interrupted(x):
    return fetch(x)

@poet(timeout=0.1, retries=0)
def nested(x):
    return f(x)
"""


BESIDE = """
@poet(retries=2, backoff=0.001, jitter="none", timeout=0.5)
def f(x) -> int:
    return fetch(x)

def plain(x):
    return fetch(x)

def none_of(x):
    return 7

def quick():
    return fetch("ok 3")

def slow():
    return fetch("slow")

@poet(retries=1, backoff=0.001)
def broken():
    return fetch("bug")

def each(xs):
    return parallel(f, xs)

def each_plain(xs):
    return parallel(plain, xs, limit=2)

def no_effects(xs):
    return parallel(none_of, xs)

def first():
    return race(slow, quick, broken)

def hopeless():
    return race(broken, broken)

def within(xs):
    try:
        with timeout(0.08):
            return parallel(plain, xs)
    finally:
        say("left")

def inner(x):
    return parallel(f, [x, x])

def nested(xs):
    return parallel(inner, xs)
"""
