n = 1
f = lambda: n
n = 2
print(f())
g = lambda x, *a, k=3, **r: (x, a, k, r)
print(g(1), g(1, 2, k=4, z=5))
print((lambda: (lambda y: y * 2))()(4))
print(sorted([3, 1, 2], key=lambda v: -v), (lambda *_: 0)(1, 2))
