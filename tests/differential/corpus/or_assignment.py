def f(a: list, b: int = 2) -> dict:
    return {"n": b, "a": len(a)}
m = {}
m |= f([1], 3)
print(m)
n = 1
n |= len([1, 2]) << 2
n |= len("ab")
n |= max([4, 16])
print(n)
s = {1}
t = s
s |= set([2, 3])
print(sorted(s), s is t)
d = {"k": {1}}
d["k"] |= set("a")
print(len(d["k"]))
