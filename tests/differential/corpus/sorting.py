rows = [("b", 2), ("a", 2), ("c", 1), ("a", 1)]
print(sorted(rows), sorted(rows, key=lambda r: r[1]), sorted(rows, key=lambda r: r[1], reverse=True))
rows.sort(key=lambda r: (r[1], -ord(r[0])))
print(rows, sorted("bca"), sorted({"b": 1, "a": 2}), sorted([True, 0, 2.5, -1]), sorted(["B", "a", "C"], key=str.lower if False else lambda s: s.lower()))
print(min(rows), max(rows, key=lambda r: r[0]), min([], default="none"), max("abc"), sorted([3, 1, 2])[::-1])
