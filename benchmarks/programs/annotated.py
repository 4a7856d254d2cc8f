def price(amount: int, unit: float, discount: float = 0.0) -> float:
    return amount * unit * (1.0 - discount)


def label(name: str, value: float) -> str:
    return name if value > 10.0 else "cheap"


def total(values: list) -> float:
    result: float = 0.0
    for value in values:
        result += value
    return result


def bench(n: int) -> float:
    values: list = []
    cheap: int = 0
    for i in range(n):
        value: float = price(i % 5, 2.5, 0.1)
        values.append(value)
        if label("dear", value) == "cheap":
            cheap += 1
    return total(values) + cheap
