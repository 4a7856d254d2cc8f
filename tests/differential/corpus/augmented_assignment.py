xs = ys = [1]
xs += [2]
xs *= 2
print(xs, ys is xs)
t = u = (1,)
t += (2,)
print(t, u)
s = "a"
s += "b"
s *= 3
n = 10
n -= 3
n //= 2
n **= 3
n %= 10
n <<= 3
n |= 1
n ^= 7
n &= 30
n >>= 1
print(s, n)
d = {"k": [1], "n": 1}
d["k"] += [2]
d["n"] += 1.5
d["k"][0] -= 5
print(d)
zs = [0]
zs += "ab"
zs += (1, 2)
zs += {"k": 1}
def grow(v, more):
    v += more
    return v
print(zs, grow([1], "xy"), grow("a", "b"), grow([], range(2)))
q = {1}
q |= {2}
q -= {1}
print(q)
try:
    t[0] += 1
except TypeError as e:
    print(e)
