xs = [1, 2, 3, 4]
del xs[0], xs[-1]
print(xs)
d = {"a": 1, "b": 2}
del d["a"]
print(d)
y = 1
del y
try:
    print(y)
except NameError as e:
    print(e)
def f():
    z = 1
    del z
    try:
        return z
    except UnboundLocalError as e:
        return str(e)
print(f())
a, b = [1], [2]
del (a, b)
