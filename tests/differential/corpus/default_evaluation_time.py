n = 5
def f(x=n):
    return x
n = 6
print(f())
def note(k):
    print("default", k)
    return k
def g(a=note(1), *, b=note(2)):
    return a, b
print(g(), g(3), g(b=4))
