e = "kept"
try:
    raise ValueError("x")
except ValueError as problem:
    saved = problem
print(e, saved, isinstance(saved, ValueError))
def f():
    try:
        raise KeyError("k")
    except (ValueError, KeyError) as err:
        return str(err)
print(f())
