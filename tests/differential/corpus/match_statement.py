def describe(v):
    match v:
        case 0 | 1:
            return "bit"
        case int() if v < 0:
            return "negative"
        case int(n):
            return f"int {n}"
        case "" | "x":
            return "short"
        case str() as s:
            return f"text {s}"
        case []:
            return "empty"
        case [x]:
            return f"one {x}"
        case [x, *rest] if len(rest) > 2:
            return f"long {x} {rest}"
        case (a, b):
            return f"pair {a} {b}"
        case {"kind": "point", "x": x, **rest}:
            return f"point {x} {rest}"
        case {"kind": kind}:
            return f"kind {kind}"
        case None:
            return "none"
        case float() | bool():
            return "number"
        case _:
            return "other"
for v in (0, True, -5, 7, "", "hey", [], [1], [1, 2], (3, 4), [1, 2, 3, 4], {"kind": "point", "x": 1, "y": 2}, {"kind": "z"}, {}, None, 2.5, {1}):
    print(describe(v))
