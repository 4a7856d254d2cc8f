for text in ("a", "abc"):
    try:
        a, b = text
    except ValueError as e:
        print(e)
try:
    a, *b, c = [1]
except ValueError as e:
    print(e)
def pair(v):
    a, b = v
    return a
try:
    pair(5)
except TypeError as e:
    print(e)
