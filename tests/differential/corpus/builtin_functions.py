print(list(enumerate("ab", 1)), list(zip([1, 2], "ab", [True, False])), list(map(lambda a, b: a + b, [1, 2], [3, 4])), list(filter(lambda v: v > 1, [1, 2, 3])))
print(sum([1, 2], 10), sum([[1], [2]], []), all([]), any([]), abs(-1.5), divmod(-7, 2), list(reversed([1, 2])), len("héllo"))
print(max(1, 2, 3), min("b", "a"), max([1, -5], key=abs), sorted((2, 1)), list(filter(None, [0, 1, "", "a"])), round(3.14159, 3))
it = iter([1, 2])
print(next(it), next(it), next(it, "end"), list(zip("abc", range(2))), isinstance(True, int), isinstance("a", (int, str)), callable(print))
try:
    print(list(zip([1], [1, 2], strict=True)))
except ValueError as e:
    print(e)
