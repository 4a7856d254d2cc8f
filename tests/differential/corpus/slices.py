xs = list(range(8))
print(xs[2:5], xs[:-1], xs[::-1], xs[::2], xs[-3:], xs[5:2], xs[5:2:-1], xs[100:], xs[-100:2])
xs[1:3] = [10, 20, 30]
print(xs)
xs[::2] = [0] * len(xs[::2])
print(xs)
xs[2:2] = "ab"
print(xs)
del xs[::3]
print(xs)
xs[:] = []
print(xs)
try:
    ys = [1, 2, 3]
    ys[::2] = [1]
except ValueError as e:
    print(e)
print("hello"[1:-1], "hello"[::-2], (1, 2, 3)[:2])
