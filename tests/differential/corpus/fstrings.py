name, n, x = "dana", 42, 3.14159
w = 8
print(f"{name} {n:5d}|{n:<5}|{n:^5}|{n:>+6}|{n:#x}|{n:,}|{x:.2f}|{x:{w}.{2}f}|{name!r:>10}|{name:*^10}")
print(f"{{literal}} {n + 1} {name.upper()} {[v for v in range(3)]} {'nested'} {n=} {x=:.1f} {name=}")
print(f"{n if n > 1 else 0} {(lambda v: v * 2)(n)} {n!s} {'é'!a} {None} {True:d} {'%'}")
print(f"""multi {n}
line {name}""" f" and {w}")
