i = 10
for i in range(0):
    pass
print(i)
for i in range(3):
    i = i * 10
print(i)
for i, i in [(1, 2), (3, 4)]:
    print(i)
d = {}
for d["k"] in range(3):
    pass
print(d)
xs = [0, 0]
for j, xs[j] in [(0, 10), (1, 20)]:
    pass
print(xs)
for x in (y for y in range(3)):
    last = x
print(last)
