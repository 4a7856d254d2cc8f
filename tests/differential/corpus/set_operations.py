a, b = {1, 2, 3}, {2, 3, 4}
print(sorted(a & b), sorted(a - b), sorted(a ^ b), sorted(a.union(b)), a <= a, a < a, {1} < a, a.isdisjoint({9}))
u = a | b
print(sorted(u), a >= {1}, 2 in a, len(u), set(), frozenset([1]) == {1})
a |= {9}
a &= {1, 9, 2}
a -= {2}
print(sorted(a))
a.add(5)
a.discard(77)
print(sorted(a), sorted(set("hello")))
