try:
    assert 1 == 2, "sums"
except AssertionError as e:
    print(e, e.args)
try:
    assert []
except AssertionError as e:
    print(repr(str(e)))
assert (1, "always true")
def f(n):
    assert n > 0, f"{n} is not positive"
    return n
print(f(1))
f(-1)
