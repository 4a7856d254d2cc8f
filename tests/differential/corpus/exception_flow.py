def f(n):
    try:
        print("try")
        if n == 1:
            raise ValueError("one")
        if n == 2:
            return "returned"
        if n == 3:
            raise KeyError("three")
    except ValueError as e:
        print("handler", e)
    else:
        print("else")
    finally:
        print("finally")
    return "end"
print(f(0), f(1), f(2))
try:
    f(3)
except KeyError as e:
    print("outside", e)
