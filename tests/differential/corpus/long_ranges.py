total = 0
for i in range(5000):
    if i % 7:
        continue
    total += i
else:
    print("else", i)
print(total)
for i in range(100000):
    if i == 1234:
        break
print(i)
def find(n):
    for i in range(n):
        for j in range(n):
            if i * j == 391 and i > 1 and j > 1:
                return i, j
    return None
print(find(40))
def fails(n):
    for i in range(n):
        total = 100 // (1000 - i)
    return total
try:
    fails(3000)
except ZeroDivisionError as e:
    print(e)
