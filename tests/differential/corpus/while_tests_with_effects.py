calls = []
def test(n):
    calls.append(n)
    return n < 3
i = 0
while test(i):
    i += 1
print(calls)
i = 0
while test(i) and test(i):
    i += 1
    if i == 2:
        continue
print(calls)
n = 3
while (m := n - 1) > 0:
    n = m
    print(n, m)
print(m)
xs = [1, 2, 3]
while xs:
    print(xs.pop())
while xs and xs[0]:
    print("never")
else:
    print("else")
