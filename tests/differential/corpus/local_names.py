x = 1
def f():
    x = 2
    def g():
        return x
    x = 3
    return g()
def h(flag):
    if flag:
        y = 1
    try:
        return y
    except UnboundLocalError as e:
        return str(e)
print(f(), x, h(True), h(False))
def k():
    try:
        return later
    except NameError as e:
        return str(e)
print(k())
later = 5
print(k())
