def attempt(f):
    try:
        print(f())
    except Exception as e:
        print(str(e), "|", repr(e), "|", e.args)
values = [1, 2]
table = {"a": 1}
zero = 0
attempt(lambda: values[9])
attempt(lambda: table["b"])
attempt(lambda: 1 // zero)
attempt(lambda: 1.0 / zero)
attempt(lambda: 1 % zero)
attempt(lambda: int("x"))
attempt(lambda: float("1,5"))
attempt(lambda: values.index(7))
attempt(lambda: values.remove(7))
attempt(lambda: [].pop())
attempt(lambda: {}.popitem())
attempt(lambda: next(iter([])))
attempt(lambda: "abc".index("z"))
attempt(lambda: chr(-1))
attempt(lambda: max([]))
attempt(lambda: divmod(1, zero))
attempt(lambda: {1}.remove(2))
attempt(lambda: [3, "a"].sort())
attempt(lambda: "%d" % "a")
attempt(lambda: int("zz", 36) + int("9" * 3, 8))
