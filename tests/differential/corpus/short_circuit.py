def t(v):
    print("t", v)
    return v
print(t(0) and t(1), t(1) and t(2), t(0) or t(""), t([]) or t("x"), not t(0))
print(t(1) or t(2) and t(3), (t(0) or t(0)) and t(1))
print([] and 1, "" or "default", None or 0, 1 and "last")
