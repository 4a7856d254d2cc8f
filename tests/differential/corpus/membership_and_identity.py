nan = float("nan")
print(nan in [nan], nan == nan, [nan] == [nan], 1 in [True], "" in "abc", None in [0], [] is not [])
xs = [1]
ys = xs
print(xs is ys, xs == [1], xs is not [1], 1 in {1: 2}, "k" not in {"k": 1}, (1, 2) in [(1, 2)])
