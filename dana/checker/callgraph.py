"""Which functions may take part in a call cycle.

The checker notes, while it walks a function's body, what the body calls: functions it knows
(direct edges), names of methods, and "something unknown". At the end, unknown calls become edges to
one hub node that leads to every function whose value escapes (is used other than being called), method
calls lead to every method and function of that name; strongly connected components do the rest.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class CallGraph:
    """Edges between functions, by the `id` of their nodes (0 is the module's own code)."""

    __slots__ = ("direct", "escaping", "methods", "named", "owner", "unknown")

    def __init__(self) -> None:
        self.owner = 0
        self.direct: dict[int, set[int]] = {}
        self.named: dict[int, set[str]] = {}
        self.unknown: set[int] = set()
        self.escaping: set[int] = set()
        self.methods: dict[str, set[int]] = {}

    def call(self, callee: int) -> None:
        """The function at hand calls `callee`."""
        edges = self.direct.get(self.owner)
        if edges is None:
            self.direct[self.owner] = {callee}
        else:
            edges.add(callee)

    def call_method(self, name: str) -> None:
        """It calls some method of this name."""
        names = self.named.get(self.owner)
        if names is None:
            self.named[self.owner] = {name}
        else:
            names.add(name)

    def call_unknown(self) -> None:
        """It calls something that cannot be told."""
        self.unknown.add(self.owner)

    def escape(self, function: int) -> None:
        """The function's value is used other than being called."""
        self.escaping.add(function)

    def method(self, name: str, function: int) -> None:
        """A method (or function callable as one) of this name exists."""
        self.methods.setdefault(name, set()).add(function)

    def recursive(self) -> set[int]:
        """The functions that lie on some cycle of calls."""
        hub = -1
        edges: dict[int, Iterable[int]] = {hub: self.escaping}
        for owner in self.direct.keys() | self.named.keys() | self.unknown:
            out = set(self.direct.get(owner, ()))
            for name in self.named.get(owner, ()):
                out |= self.methods.get(name, set())
            if owner in self.unknown:
                out.add(hub)
            edges[owner] = out
        found: set[int] = set()
        for component in components(edges):
            if len(component) > 1 or component[0] in edges.get(component[0], ()):
                found.update(component)
        return found - {hub, 0}


def components(edges: dict[int, Iterable[int]]) -> list[list[int]]:
    """Strongly connected components (Tarjan), without recursion."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    on_stack: set[int] = set()
    stack: list[int] = []
    out: list[list[int]] = []
    for root, targets in edges.items():
        if root in index:
            continue
        work = [(root, iter(targets))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(edges.get(successor, ()))))
                    break
                if successor in on_stack and index[successor] < low[node]:
                    low[node] = index[successor]
            else:
                work.pop()
                if work and low[node] < low[work[-1][0]]:
                    low[work[-1][0]] = low[node]
                if low[node] == index[node]:
                    component: list[int] = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    out.append(component)
    return out
