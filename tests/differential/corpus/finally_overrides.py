def f():
    try:
        return 1
    finally:
        return 2
def g():
    try:
        raise ValueError("lost")
    finally:
        return "swallowed"
def h():
    for i in range(3):
        try:
            raise ValueError(i)
        finally:
            continue
    return "done"
def k():
    while True:
        try:
            return 1
        finally:
            break
    return 2
def m():
    x = 1
    try:
        return x
    finally:
        x = 2
print(f(), g(), h(), k(), m())
