def escape(cr, ci, limit):
    zr = 0.0
    zi = 0.0
    for i in range(limit):
        r2 = zr * zr
        i2 = zi * zi
        if r2 + i2 > 4.0:
            return i
        zi = 2.0 * zr * zi + ci
        zr = r2 - i2 + cr
    return limit


def bench(n):
    total = 0
    for py in range(n):
        for px in range(n):
            total += escape(px * 3.0 / n - 2.0, py * 2.0 / n - 1.0, 50)
    return total
