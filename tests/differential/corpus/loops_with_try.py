def f():
    for i in range(4):
        try:
            if i == 1:
                continue
            if i == 3:
                break
            print(i)
        finally:
            print("fin", i)
    else:
        print("else")
    return i
print(f())
def g():
    i = 0
    while True:
        try:
            i += 1
            if i < 3:
                continue
            return i
        finally:
            print("g", i)
print(g())
def h(values):
    for v in values:
        try:
            print(10 // v)
        except ZeroDivisionError:
            continue
        else:
            print("fine")
    return "end"
print(h([1, 0, 3]))
