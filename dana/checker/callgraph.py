"""Which functions may take part in a call cycle, or in so many calls that they count as steps.

The checker notes, while it walks a function's body, what the body calls: functions it knows
(direct edges), names of methods, and "something unknown". At the end, unknown calls become edges to
one hub node that leads to every function whose value escapes (is used other than being called), method
calls lead to every method and function of that name; strongly connected components do the rest.

Without cycles there may still be many calls: `f3` calls `f2` twice, which calls `f1` twice, …. So each function's
*weight* is counted, the calls it makes in all, directly and through others; one that weighs much counts as a step.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


# Calls in all, loops aside, that one call may stand for without being a step itself.
HEAVY = 256


class CallGraph:
    """Edges between functions, by the `id` of their nodes (0 is the module's own code)."""

    __slots__ = ("direct", "escaping", "methods", "named", "owner", "times", "unknown")

    def __init__(self) -> None:
        self.owner = 0
        self.direct: dict[int, set[int]] = {}
        self.named: dict[int, set[str]] = {}
        self.unknown: set[int] = set()
        self.escaping: set[int] = set()
        self.methods: dict[str, set[int]] = {}
        # How often each function's text calls something: by callee, by a method's name, or "" for the unknown.
        self.times: dict[int, dict[int | str, int]] = {}

    def call(self, callee: int) -> None:
        """The function at hand calls `callee`."""
        self._count(callee)
        edges = self.direct.get(self.owner)
        if edges is None:
            self.direct[self.owner] = {callee}
        else:
            edges.add(callee)

    def call_method(self, name: str) -> None:
        """It calls some method of this name."""
        self._count(name)
        names = self.named.get(self.owner)
        if names is None:
            self.named[self.owner] = {name}
        else:
            names.add(name)

    def call_unknown(self) -> None:
        """It calls something that cannot be told."""
        self._count("")
        self.unknown.add(self.owner)

    def _count(self, what: int | str) -> None:
        times = self.times.setdefault(self.owner, {})
        times[what] = times.get(what, 0) + 1

    def escape(self, function: int) -> None:
        """The function's value is used other than being called."""
        self.escaping.add(function)

    def method(self, name: str, function: int) -> None:
        """A method (or function callable as one) of this name exists."""
        self.methods.setdefault(name, set()).add(function)

    def recursive(self) -> set[int]:
        """The functions that lie on some cycle of calls, and those that weigh so much that they count as well."""
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
        weights: dict[int, int] = {}
        for component in components(edges):  # what is called comes before who calls it
            if len(component) > 1 or component[0] in edges.get(component[0], ()):
                found.update(component)
                continue
            weight = self._weight(component[0], weights)
            if weight > HEAVY:
                found.add(component[0])
                weight = 1
            weights[component[0]] = weight
        return found - {hub, 0}

    def _weight(self, function: int, weights: dict[int, int]) -> int:
        """The calls that one call of the function makes in all; those that are steps count as one."""
        total = 1
        for what, times in self.times.get(function, {}).items():
            if what == "":
                callees: Iterable[int] = self.escaping
            else:
                callees = self.methods.get(what, ()) if isinstance(what, str) else (what,)
            total += times * max((weights.get(callee, 1) for callee in callees), default=1)
        return total


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
