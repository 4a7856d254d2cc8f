it = iter([1, 2, 3, 4])
for x in it:
    print(x, next(it))
print(list(it))
it = iter(range(10))
for x in it:
    if x == 3:
        break
print(list(it))
g = (x for x in range(2000))
for x in g:
    if x == 700:
        break
print(next(g), sum(g))
z = zip([1, 2, 3], "abc")
for a, b in z:
    print(a, b)
    if a == 2:
        break
print(list(z))
m = map(lambda v: v * 2, [1, 2, 3])
print(next(m), list(m))
