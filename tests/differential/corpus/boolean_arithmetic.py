print(True + 1, True == 1, False in [0], sum([True, False, True]), [10, 20][True], "ab"[False], True / 2, -True, ~True)
print(True & False, True ^ True, int(True), 1.0 == True, not 0, not [], True is True, bool(2) == True, str(True) + "!", f"{True:d}")
