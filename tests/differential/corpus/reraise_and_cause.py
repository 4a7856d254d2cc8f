def inner():
    raise KeyError("k")
def middle():
    try:
        inner()
    except KeyError as e:
        raise ValueError("wrapped") from e
try:
    middle()
except ValueError as e:
    print(e)
try:
    try:
        1 / 0
    except ZeroDivisionError:
        print("again")
        raise
except ArithmeticError as e:
    print(e)
try:
    try:
        raise ValueError("first")
    finally:
        [][0]
except IndexError as e:
    print(e)
