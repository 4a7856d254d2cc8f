n = 5
if (half := n // 2) > 1:
    print(half)
print("big" if n > 9 else "mid" if n > 3 else "small")
while (n := n - 1) > 2:
    print(n)
print([y for v in range(6) if (y := v * v) % 2 == 0], y)
print((a := 1, a + 1), (b := 2) + b)
