def range(n): return [n, n]
for x in range(3):
    print(x)
print([y for y in range(2)])
