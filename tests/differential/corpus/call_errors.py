def f(a, b=2, *, c=3): return a
calls = [lambda g: g(), lambda g: g(1, 2, 3), lambda g: g(1, a=2), lambda g: g(1, z=5), lambda g: g(*[1, 2, 3])]
for call in calls:
    try:
        print(call(f))
    except TypeError as e:
        print(e)
