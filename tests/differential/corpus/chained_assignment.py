a = b = c = []
a.append(1)
print(a, b, c, a is c)
i = xs = 0
xs = [0, 0]
i = xs[i] = 1
print(i, xs)
x = y, z = 1, 2
print(x, y, z)
