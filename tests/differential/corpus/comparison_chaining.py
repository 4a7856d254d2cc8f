def t(v):
    print("t", v)
    return v
print(t(1) < t(2) < t(3), t(3) < t(2) < t(1), t(1) == t(1) != t(2), 1 < 2 > 1, 1 in [1] == True)
print([1, 2] < [1, 3], (1,) < (1, 0), "a" < "b" < "c", [] < [0], {1} <= {1, 2} <= {1, 2, 3})
try:
    print(1 < t("a"))
except TypeError as e:
    print(e)
