def f(n: int = 3, s: str = "a") -> str: return s * n
print(f(), f(2), f(2, "b"), f(s="z"), f(n=1))
def g(a: int, b: int = 2, *c: int, d: int = 4, **e: int) -> tuple: return a, b, c, d, e
print(g(1), g(1, 3), g(1, 3, 5, 6), g(1, d=9), g(1, z=3), g(b=1, a=2))
def h(xs: list, d: dict) -> list:
    xs.append(len(d))
    return xs
a = [1]
print(h(a, {}) is a, a)
total: float = 0.5
names: list[str] = ["x"]
alias = names
names2: list[str] = names
print(names2 is alias)
def k(xs: list[int]) -> int:
    t: int = 0
    for x in xs:
        t += x
    return t
print(k([1, 2, 3]), k([]))
