class Body:
    def __init__(self, x, y, z, vx, vy, vz, mass):
        self.x = x
        self.y = y
        self.z = z
        self.vx = vx
        self.vy = vy
        self.vz = vz
        self.mass = mass


def system():
    return [
        Body(x=0.0, y=0.0, z=0.0, vx=0.0, vy=0.0, vz=0.0, mass=39.47841760435743),
        Body(x=4.84143144, y=-1.16032004, z=-0.10362204, vx=0.60632639, vy=2.81198684, vz=-0.02521836, mass=0.03769367),
        Body(x=8.34336671, y=4.12479856, z=-0.40352341, vx=-1.01077434, vy=1.82566237, vz=0.00841576, mass=0.01128632),
        Body(x=12.8943695, y=-15.1111514, z=-0.22330757, vx=1.08279100, vy=0.86871301, vz=-0.01083263, mass=0.00172372),
        Body(x=15.3796971, y=-25.9193146, z=0.17925877, vx=0.97909073, vy=0.59469899, vz=-0.03475595, mass=0.00203368),
    ]


def advance(bodies, dt):
    count = len(bodies)
    for i in range(count):
        a = bodies[i]
        for j in range(i + 1, count):
            b = bodies[j]
            dx = a.x - b.x
            dy = a.y - b.y
            dz = a.z - b.z
            d2 = dx * dx + dy * dy + dz * dz
            mag = dt / (d2 * d2**0.5)
            a.vx -= dx * b.mass * mag
            a.vy -= dy * b.mass * mag
            a.vz -= dz * b.mass * mag
            b.vx += dx * a.mass * mag
            b.vy += dy * a.mass * mag
            b.vz += dz * a.mass * mag
    for body in bodies:
        body.x += dt * body.vx
        body.y += dt * body.vy
        body.z += dt * body.vz


def bench(n):
    bodies = system()
    for step in range(n):
        advance(bodies, 0.01)
    return round(bodies[0].x, 9)
