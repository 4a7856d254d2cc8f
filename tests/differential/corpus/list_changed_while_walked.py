xs = [1, 2, 3, 4]
for x in xs:
    xs.remove(x)
print(xs)
xs = [1, 2, 3]
for x in xs:
    if len(xs) < 8:
        xs.append(x * 2)
print(xs)
xs = list(range(10))
out = []
for x in xs:
    out.append(x)
    del xs[0]
print(out, xs)
xs = [1]
n = 0
for x in xs:
    n += 1
    xs += [x]
    if n == 1000:
        break
print(n, len(xs))
ys = [3, 1, 2]
for y in ys:
    ys.sort()
    print(y)
