x = "outer"
print([x for x in range(3)], x)
print([[y * x for y in range(2)] for x in range(3)])
print([(a, b) for a in range(3) for b in range(a)], {a: b for a, b in zip("ab", (1, 2))})
print({v % 3 for v in range(9)}, [v for v in range(20) if v % 2 if v % 3])
print([last := v for v in range(3)], last)
def f(n):
    return [n + k for k in range(n) if k != n - 1]
print(f(4))
print([(lambda: i)() for i in range(3)])
rows = [[1, 2], [3, 4]]
print([v for row in rows for v in row], [list(c) for c in zip(*rows)])
