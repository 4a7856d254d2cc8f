def f(*args, **kwargs):
    return args, kwargs
print(f(*[1, 2], 3, *(4,), **{"a": 1}, b=2), [*range(2), *"ab"], {*[1, 2], 3}, (*[], 1), {**{}, "k": 1})
def g(a, b=2, *rest, c, d=4, **more):
    return a, b, rest, c, d, more
print(g(1, c=3), g(1, 2, 3, 4, c=5, e=6), g(*[1, 2], **{"c": 3}))
def h(a, b, /, c, *, d):
    return a, b, c, d
print(h(1, 2, 3, d=4), h(1, 2, c=3, d=4))
