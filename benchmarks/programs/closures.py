def counter(step):
    value = 0

    def advance(extra):
        nonlocal value
        value += step + extra
        return value

    return advance


def bench(n):
    total = 0
    for i in range(n // 100):
        tick = counter(i % 3)
        scale = lambda v: v * 2
        for j in range(100):
            total += scale(tick(j))
    return total
