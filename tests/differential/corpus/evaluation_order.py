def f(k):
    print("call", k)
    return k
d = {f(1): f(2), f(3): f(4)}
xs = [f(5), *[f(6)]]
xs[f(0)] = f(7)
print(f(1) < f(2) < f(0) < f(99))
print(f(1) if f(0) else f(2))
def g(*a, **k): print(a, k)
g(f(1), *[f(2)], x=f(3), **{"y": f(4)})
xs[f(0)] += f(8)
xs[f(0)] **= f(2)
print(xs, d, f(1) + f(2) * f(3), -f(4) ** f(2))
