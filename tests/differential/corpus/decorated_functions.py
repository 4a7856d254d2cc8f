def twice(fn):
    def inner(*args, **kwargs):
        return fn(*args, **kwargs), fn(*args, **kwargs)
    return inner
def tagged(tag):
    print("tag", tag)
    return lambda fn: lambda *a: (tag, fn(*a))
@tagged("outer")
@twice
def f(n: int): return n + 1
def g(): return f(1)
print(g(), f(2))
@twice
def fib(n: int): return n if n < 2 else fib(n - 1)[0] + fib(n - 2)[0]
print(fib(4))
