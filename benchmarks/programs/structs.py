class Point:
    def __init__(self, x: float, y: float):
        self.x = x
        self.y = y

    def plus(self, q: "Point") -> "Point":
        return Point(x=self.x + q.x, y=self.y + q.y)

    def length2(self) -> float:
        return self.x * self.x + self.y * self.y


def bench(n):
    total = Point(x=0.0, y=0.0)
    far = 0.0
    for i in range(n):
        step = Point(x=i * 0.5, y=i * 0.25)
        total = total.plus(step)
        if total.length2() > far:
            far = total.length2()
    return [total.x, total.y, far]
