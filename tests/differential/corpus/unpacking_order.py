a = [0, 0, 0]
i = 0
i, a[i] = 1, 5
print(a)
i = 0
a[i], i = 7, 2
print(a, i)
x, y = 1, 2
x, y = y, x
print(x, y)
(p, (q, *r)), *s = (1, (2, 3, 4)), 5, 6
print(p, q, r, s)
[m, n] = "ab"
print(m, n)
*init, last = range(4)
print(init, last)
