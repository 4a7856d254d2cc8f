fs = []
for i in range(3):
    fs.append(lambda: i)
print([f() for f in fs])
fs = [lambda k=i: k for i in range(3)]
print([f() for f in fs])
def make(n):
    def inner():
        return n
    n += 1
    return inner
print(make(1)(), make(5)())
