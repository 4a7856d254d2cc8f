d = {"b": 1, "a": 2}
d["c"] = 3
d["b"] = 9
print(d, list(d), list(d.values()), list(d.items()))
del d["b"]
d["b"] = 0
print(d, d.pop("a"), d.popitem(), d, d.get("x"), d.get("x", 5), d.setdefault("y", []), "y" in d)
print({**{"a": 1}, "a": 2}, dict(a=1, b=2), dict([("k", "v")]), {1: "int", 1.0: "float", True: "bool"})
print({k: v for k, v in sorted({"z": 1, "y": 2}.items())}, list(reversed({"a": 1, "b": 2})), {"a": 1} == {"a": 1.0})
a = {"x": 1}
b = {"y": 2}
print(a | b)
a |= b
print(a, a.keys() & b.keys(), len(a))
d = dict.fromkeys(["p", "q"], 0)
d.update(p=5)
print(d)
