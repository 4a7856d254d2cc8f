point = (1, [2, 3])
match point:
    case (x, [y, *_]):
        print(x, y)
print(x, y)
match 5:
    case n if n > 10:
        print("no")
    case m:
        print(n, m)
match {"a": {"b": [1, 2]}}:
    case {"a": {"b": [_, last]}}:
        print(last)
