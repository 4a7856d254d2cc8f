def len(x): return 42
def sum(xs): return "mine"
def int(x): return "int!"
list = lambda *a: ("mine", a)
print(len([1]), sum([1, 2]), sum(x for x in [1]), int("3"), list(), list([1]))
def f(range, max):
    for x in range(3):
        print(x)
    return max([1, 2])
print(f(lambda n: [n], lambda v: "max"))
def g():
    range = lambda n: [n]
    return [y for y in range(4)]
print(g())
