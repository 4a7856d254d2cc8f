from dataclasses import dataclass


@dataclass(slots=True)
class Point:
    x: float
    y: float

    def plus(self, q: "Point") -> "Point":
        return Point(self.x + q.x, self.y + q.y)

    def length2(self) -> float:
        return self.x * self.x + self.y * self.y


def bench(n):
    total = Point(0.0, 0.0)
    far = 0.0
    for i in range(n):
        step = Point(i * 0.5, i * 0.25)
        total = total.plus(step)
        if total.length2() > far:
            far = total.length2()
    return [total.x, total.y, far]
