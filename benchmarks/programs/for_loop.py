def bench(n):
    total = 0
    for i in range(n):
        total += i % 7
    return total
