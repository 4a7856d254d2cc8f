print(int("  42 "), int("-0x1f", 16), int("1_000"), float(" 2.5 "), str(None), str(True), list("ab"), tuple([1]), set([1, 1]))
print(bool([]), bool(0.0), bool("x") if False else 1, int(True), float(3), dict([(1, 2)]), list({"k": 1}), str([1, "a", None]), repr((1,)))
print(list(range(3)), ord("A"), chr(97), hex(10), round(1.5), str(1e20), int(1e20))
for text in ("", "1.5", "abc", "0b1"):
    try:
        print(int(text))
    except ValueError as e:
        print(e)
