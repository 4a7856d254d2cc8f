for a in (7, -7):
    for b in (2, -2, 3, -3):
        print(a // b, a % b, divmod(a, b))
print(2 ** 100, -2 ** 2, 2 ** -1, 10 ** 20 // 7, (-1) ** 5, 0 ** 0)
print(5 & 3, 5 | +3, 5 ^ 3, ~5, 1 << 10, -9 >> 1, 0b101, 0o17, 0xFF, 1_000)
print(int("-12"), int(3.9), int(-3.9), round(2.5), round(3.5), round(-2.5), round(1234, -2), abs(-3))
print(7 / 2, 6 / 3, 7 // 2.0, -7 % 2.5, 1e3 // 7, pow(3, 4, 5), pow(2, 10))
print(bin(10), hex(255), oct(8), int("ff", 16), True + True, True * 3, -True)
