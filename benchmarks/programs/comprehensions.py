def bench(n):
    total = 0
    for i in range(n // 100):
        squares = [x * x for x in range(100) if x % 3 != 0]
        index = {x: x + i for x in range(50)}
        odd = {x % 10 for x in squares}
        total += sum(squares) + len(index) + len(odd) + sum(x for x in range(30))
    return total
