def f(n: int): return n
def g(): return f(1)
def swap():
    global f
    f = lambda n: n * 100
print(g())
swap()
print(g(), f(3))
def h(n: int): return n
first = h
def h(n: int): return n + 10
print(h(1), first(1))
def p(n: int): return n
def q(): return p(-2)
for p in [abs]:
    pass
print(q())
