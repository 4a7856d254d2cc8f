"""Deadlines of `@poet(timeout=…)`: functions of many shapes that never end, or would take far too long."""
