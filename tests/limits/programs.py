"""Programs that never end by themselves. `# <-` marks the lines where stopping is right."""

from __future__ import annotations

# Endless loops of every shape: each must be stopped by the step limit.
LOOPS = {
    "while": """
while true:  # <-
    pass  # <-
""",
    "while with a test": """
n = 0
while n >= 0:  # <-
    n += 1  # <-
""",
    "while in braces": """
while true {  # <-
    x = 1  # <-
}
""",
    "while on one line": """
while true: pass  # <-
""",
    "while with walrus": """
while (n := 1): n += 1  # <-
""",
    "while that continues": """
while true:  # <-
    if true: continue  # <-
    break
""",
    "while in a function": """
def f():
    while true:  # <-
        pass  # <-
f()
""",
    "while in a method": """
struct P:
    x: int
    def spin(self):
        while self.x:  # <-
            self.x += 1  # <-
P(1).spin()
""",
    "nested while": """
while true:  # <-
    n = 0
    while n < 3:  # <-
        n += 1  # <-
""",
    "while calling a function": """
def again(): return true
while again(): pass  # <-
""",
    "growing list": """
xs = [1]
for x in xs:  # <-
    xs.append(x)  # <-
""",
    "growing list in a comprehension": """
xs = [1]
[xs.append(x) for x in xs]  # <-
""",
    "growing list in a set comprehension": """
xs = [1]
{xs.append(x) for x in xs}  # <-
""",
    "growing list in a dict comprehension": """
xs = [1]
{x: xs.append(x) for x in xs}  # <-
""",
    "growing list in a generator": """
xs = [1]
print(sum(1 for x in xs if not xs.append(x)))  # <-
""",
    "generator that nothing ever satisfies": """
xs = [1]
print(any(xs.append(1) for x in xs))  # <-
""",
    "nested comprehension": """
xs = [1]
[[y for y in [x]] for x in xs if not xs.append(x)]  # <-
""",
    "inner for of a comprehension": """
xs = [1]
[y for x in [1] for y in xs if not xs.append(y)]  # <-
""",
    "map over a growing list": """
xs = [1]
def grow(x): return xs.append(x)  # <-
for y in map(grow, xs):  # <-
    pass  # <-
""",
    "loop in a sort key": """
def key(x):
    while true:  # <-
        pass  # <-
sorted([1, 2], key=key)
""",
    "loop in a pipeline stage": """
def spin(x):
    while true:  # <-
        x += 1  # <-
1 | spin
""",
    "loop in a lambda's comprehension": """
xs = [1]
f = lambda: [xs.append(x) for x in xs]  # <-
f()
""",
    "loop in a default": """
xs = [1]
def f(a=[xs.append(x) for x in xs]): return a  # <-
f()  # <-
""",
    "match in a loop": """
v = 1
while true:  # <-
    match v:  # <-
        case 1: v = 2  # <-
        case _: v = 1  # <-
""",
    "with in a loop": """
resource R:
    n: int = 0
while true:  # <-
    with R() as r:  # <-
        pass  # <-
""",
    "loop that raises and catches": """
while true:  # <-
    try:  # <-
        raise ValueError("again")  # <-
    except ValueError:  # <-
        pass  # <-
""",
    "bare except around the loop": """
try:
    while true: pass  # <-
except:
    print("swallowed")
""",
    "bare except inside the loop": """
while true:  # <-
    try:  # <-
        while true: pass  # <-
    except:  # <-
        pass  # <-
""",
    "except Exception around the loop": """
try:
    while true: pass  # <-
except Exception as e:
    print("swallowed")
""",
    "finally that loops too": """
try:
    while true: pass  # <-
finally:
    while true: pass  # <-
""",
    "finally that continues": """
def f():
    while true:  # <-
        try:  # <-
            while true: pass  # <-
        finally:  # <-
            continue  # <-
f()
""",
    "finally that returns": """
def f():
    try:
        while true: pass  # <-
    finally:
        return 1
while true: f()  # <-
""",
    "finally that breaks": """
while true:  # <-
    while true:  # <-
        try:  # <-
            while true: pass  # <-
        finally:
            break  # <-
""",
    "finally in finally": """
try:
    while true: pass  # <-
finally:
    try:
        while true: pass  # <-
    finally:
        while true: pass  # <-
""",
    "except by a tuple of everything": """
while true:  # <-
    try:  # <-
        while true: pass  # <-
    except (Exception, ValueError, RuntimeError):  # <-
        pass  # <-
""",
    "closure": """
def make():
    n = 0
    def spin():
        nonlocal n
        while true:  # <-
            n += 1  # <-
    return spin
make()()
""",
    "recursion that branches": """
def f(n):  # <-
    if n > 0:  # <-
        f(n - 1)  # <-
        f(n - 1)  # <-
f(60)  # <-
""",
    "mutual recursion that branches": """
def f(n):  # <-
    if n > 0:  # <-
        g(n - 1)  # <-
        g(n - 1)  # <-
def g(n): f(n)  # <-
f(60)
""",
    "recursive lambda that branches": """
f = lambda n: f(n - 1) or f(n - 1) if n > 0 else 0  # <-
f(60)
""",
    "recursive method that branches": """
struct P:
    x: int
    def f(self, n):  # <-
        if n > 0:  # <-
            self.f(n - 1)  # <-
            self.f(n - 1)  # <-
P(1).f(60)
""",
    "recursion through a sort key": """
def f(n):  # <-
    if n > 0: sorted([n - 1, n - 1], key=f)  # <-
    return 0  # <-
f(60)
""",
    "recursion through map": """
def f(n):  # <-
    return list(map(f, [n - 1, n - 1])) if n > 0 else 0  # <-
f(60)
""",
    "recursion in a comprehension": """
def f(n):  # <-
    return [f(n - 1) for k in [1, 2]] if n > 0 else 0  # <-
f(60)
""",
    "recursion through a pipeline": """
def f(n):  # <-
    return (n - 1 | f) or (n - 1 | f) if n > 0 else 0  # <-
f(60)
""",
    "recursion through a composed function": """
def step(n):  # <-
    return [c(n - 1), c(n - 1)] if n > 0 else 0  # <-
def same(x): return x
def c(x) = step | same  # <-
c(60)
""",
    "recursion through UFCS": """
struct P:
    x: int
def f(p: P, n):  # <-
    if n > 0:  # <-
        p.f(n - 1)  # <-
        p.f(n - 1)  # <-
P(1).f(60)
""",
    "recursion through a closure": """
def make():
    def f(n):  # <-
        return f(n - 1) or f(n - 1) if n > 0 else 0  # <-
    return f
make()(60)
""",
    "recursion through a collection": """
fs = []
def f(n):  # <-
    if n > 0:  # <-
        for g in fs: g(n - 1)  # <-
fs.append(f)
fs.append(f)
f(60)
""",
    "recursion through a parameter": """
def run(g, n):  # <-
    return g(g, n - 1) or g(g, n - 1) if n > 0 else 0  # <-
run(run, 60)
""",
    "recursion through an argument default": """
def f(n, g=none):  # <-
    if n > 0:  # <-
        (g or f)(n - 1)  # <-
        (g or f)(n - 1)  # <-
f(60)
""",
    "recursion through a partial": """
def f(n, k):  # <-
    if n > 0:  # <-
        h = f($$, k)  # <-
        h(n - 1)  # <-
        h(n - 1)  # <-
f(60, 1)
""",
}

# Recursions without an end: each must be stopped by the depth limit.
RECURSIONS = {
    "direct": """
def f(n): return f(n + 1)  # <-
f(0)
""",
    "mutual": """
def f(n): return g(n + 1)  # <-
def g(n): return f(n + 1)  # <-
f(0)
""",
    "lambda": """
f = lambda n: f(n + 1)  # <-
f(0)
""",
    "method": """
struct P:
    x: int
    def f(self): return self.f()  # <-
P(1).f()
""",
    "receiver method": """
struct P:
    x: int
def (p: P) f(): return p.f()  # <-
P(1).f()
""",
    "sort key": """
def f(n): return sorted([n, n + 1], key=f)  # <-
f(0)
""",
    "comprehension": """
def f(n): return [f(x) for x in [n]]  # <-
f(0)
""",
    "generator": """
def f(n): return sum(f(x) for x in [n])  # <-
f(0)
""",
    "pipeline": """
def f(n): return n | f  # <-
f(0)
""",
    "composed function": """
def g(n): return h(n)  # <-
def same(x): return x
def h(x) = g | same  # <-
h(0)
""",
    "closure": """
def make():
    def f(): return f()  # <-
    return f
make()()
""",
    "through a collection": """
d = {}
def f(n): return d["f"](n)  # <-
d["f"] = f
f(0)
""",
    "through an attribute": """
struct Box:
    f: any = none
b = Box()
def f(n): return b.f(n)  # <-
b.f = f
f(0)
""",
    "handler that tries again": """
def f(n):  # <-
    try:  # <-
        return f(n + 1)  # <-
    except:  # <-
        return f(n + 1)  # <-
f(0)
""",
    "handler of everything by name": """
def f(n):  # <-
    try:  # <-
        return f(n + 1)  # <-
    except Exception:  # <-
        return f(n + 1)  # <-
f(0)
""",
    "finally that tries again": """
def f(n):  # <-
    try:  # <-
        return f(n + 1)  # <-
    finally:  # <-
        f(n + 1)  # <-
f(0)
""",
    "decorated": """
def deco(g): return lambda n: g(n)  # <-
@deco
def f(n): return f(n)  # <-
f(0)
""",
    "struct default": """
def make(): return P()  # <-
struct P:
    x: any = 0
    def again(self): return P().again()  # <-
P().again()
""",
    "through map": """
def f(n): return list(map(f, [n]))  # <-
f(0)
""",
    "union of methods": """
struct A:
    b: any = none
    def go(self): return self.b.go()  # <-
struct B:
    a: any = none
    def go(self): return self.a.go()  # <-
a = A()
b = B(a)
a.b = b
a.go()
""",
}
