a = [[0] * 2] * 2
a[0][0] = 1
print(a)
b = [[0] * 2 for _ in range(2)]
b[0][0] = 1
print(b)
c = a[:]
c.append(3)
c[0].append(9)
print(a, c)
def f(x):
    x = x + [1]
    return x
def g(x):
    x += [1]
    return x
v = [0]
print(f(v), v, g(v), v)
t = ([],)
t[0].append(1)
print(t)
