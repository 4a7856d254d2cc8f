def fact(n: int) -> int: return 1 if n < 2 else n * fact(n - 1)
keep = fact
print(keep(3))
del fact
try:
    print(keep(3))
except NameError as e:
    print(e)
def late(): return soon(1)
try:
    print(late())
except NameError as e:
    print(e)
def soon(n: int): return n
print(late())
