def bench(n):
    size = 0
    for i in range(n):
        price = i * 0.25
        line = f"{i:>6} | item-{i % 10} | {price:8.2f} | {'even' if i % 2 == 0 else 'odd'}"
        size += len(line)
    return size
