xs = list(range(700))
n = 0
for x in xs:
    n += 1
    if n < 5:
        xs += [x]
print(n, xs[-1])
xs = list(range(700))
n = 0
for x in xs:
    n += x
    if n > 1000:
        xs *= 0
print(n, xs)
xs = list(range(700))
n = 0
for xs[699] in xs:
    n += 1
print(n, xs[-1])
xs = [0] * 600
i = 0
for x in xs:
    i += 1
    for xs[599] in [i]:
        pass
print(x, i)
