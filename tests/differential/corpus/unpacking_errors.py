for text in ("a", "abc"):
    try:
        a, b = text
    except ValueError as e:
        print(e)
try:
    a, *b, c = [1]
except ValueError as e:
    print(e)
try:
    a, b = {"n": 5}["n"]
except TypeError as e:
    print(e)
