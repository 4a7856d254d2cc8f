for r in (range(3), range(3, 0, -1), range(0), range(2, 11, 3), range(-3, 3, 2), range(5, 5), range(1, 10, -1)):
    print(list(r), len(r), r, [v for v in r])
    for v in r:
        print(v, end=" ")
    else:
        print(".")
r = range(4)
for a in r:
    for b in r:
        if b > a:
            break
        print(a, b)
print(3 in r, r[1], r[-1], r[1:3], r == range(0, 4), r.index(2), list(reversed(r)), sum(r), max(r))
n = 0
for i in range(2**70):
    n += 1
    if n == 5:
        break
print(i, n)
for i in range(2**70, 2**70 + 2):
    print(i)
try:
    range(1, 2, 0)
except ValueError as e:
    print(e)
