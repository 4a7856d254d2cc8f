"""Which calls of effects give promises, and where promises are looked at: the plan of one function or module body.

    a = get(1)              a is *followed*: the call is begun, `a` holds a promise
    b = get(2)              so is b; both are under way
    print(a + b)            both are read: whoever reads a followed variable forces it

A variable is followed when a plain statement of the body assigns it the call of an effect and nobody but the body
itself mentions it: no nested function, lambda, generator, pattern or annotation. Everything else in the program
sees values, because a call that is not begun waits (L34).

Inside a `try`, and in a session, a variable must keep its old value when the effect fails. There neighbouring
statements are a *run*: their effects start together and are waited for, in order, before anything else happens.

What is found here are tables by `id(node)` (`Plan`); `promises` writes the Python they ask for. Nothing here
changes what programs without coloured calls become.
"""

from __future__ import annotations

from dana import ast as na
from dana.lowering.calls import CONSUMERS, has_hole, mentions_placeholder
from dana.lowering.numbers import NUMBERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from dana.lowering.context import Context

    Names = frozenset[str]

DISPLAYS = (na.List, na.Tuple, na.Set, na.Dict)
# What runs later, or elsewhere, than the statement it stands in.
AWAY = (
    na.FunctionDef, na.ComposedDef, na.Lambda, na.StructDef, na.InterfaceDef, na.ResourceDef, na.AgentBlueprintDef,
    na.AgentDef, na.TypeAlias, na.TestBlock, na.Pattern, na.TypeExpr,
)  # fmt: skip
# Definitions of a module have variables of their own.
DEFINITIONS = (
    na.FunctionDef, na.ComposedDef, na.StructDef, na.ResourceDef, na.AgentBlueprintDef, na.AgentDef, na.TestBlock,
)  # fmt: skip
WALKS = (na.ListComp, na.SetComp, na.DictComp)
# CPython nests twenty blocks; a body that uses more of them than this starts its effects one by one.
MAX_NESTED = 8
# What may be evaluated, besides what `_cannot_fail` tests, while effects of a `try` are under way.
STILL = (na.Constant, na.JoinedStr, na.List, na.Tuple, na.Dict, na.DictItem, na.Keyword)


class Plan:
    """What is done about promises, for all bodies of a module.

    `begun`: calls whose value is a promise; `together`: displays and calls whose effects start before one of
    them is waited for; `reads`: names that may hold a promise where they are read; `walks`: comprehensions with
    the names to force before they run; `before`: statements with the name to force before them; `scoped`:
    `try` and `with` statements, handlers and `else` blocks whose bodies are left only when their effects are
    done; `settled`: statements before which everything is; `runs`: first statements of runs with all of the
    run, `joined` the others.
    """

    __slots__ = ("before", "begun", "joined", "reads", "runs", "scoped", "settled", "together", "walks")

    def __init__(self) -> None:
        self.begun: set[int] = set()
        self.together: set[int] = set()
        self.reads: set[int] = set()
        self.walks: dict[int, dict[str, na.Name]] = {}
        self.before: dict[int, na.Name] = {}
        self.scoped: set[int] = set()
        self.settled: set[int] = set()
        self.runs: dict[int, list[tuple[na.Stmt, na.Call]]] = {}
        self.joined: set[int] = set()


def follow(cx: Context, plan: Plan, body: tuple[na.Stmt, ...], *, module: bool = False) -> bool:
    """Adds a body to the plan; False when it needs no scope of its own."""
    frame = _Frame(cx, body, module=module)
    frame.look()
    for run in frame.runs:
        plan.runs[id(run[0][0])] = run
        plan.joined.update(id(statement) for statement, _ in run[1:])
    if not frame.begun and not frame.together:
        return False
    plan.begun |= frame.begun
    plan.together |= frame.together
    _Flow(plan, frame).block(body, frozenset())
    for statement in body:
        _scope(plan, frame, statement)
    return True


def is_effect_call(cx: Context, node: na.Node) -> bool:
    """Whether an expression is the call of an effect, with all its arguments."""
    return isinstance(node, na.Call) and id(node) in cx.checked.effects and not has_hole(node)


def parts(node: na.Expr) -> list[na.Expr]:
    """What a display or call evaluates one after the other, less the callee."""
    if isinstance(node, na.Dict):
        return [part for item in node.items for part in (item.key, item.value) if part is not None]
    if isinstance(node, na.Call):
        return [*node.args, *(k.value for k in node.keywords)]
    elts: tuple[na.Expr, ...] = node.elts if isinstance(node, (na.List, na.Tuple, na.Set)) else ()
    return list(elts)


# --- what can be followed -----------------------------------------------------------------------


class _Frame:
    """One body: its effect calls, and the variables that can be followed."""

    __slots__ = ("away", "begun", "body", "cx", "followed", "guarded", "module", "runs", "targets", "together", "value")

    def __init__(self, cx: Context, body: tuple[na.Stmt, ...], *, module: bool) -> None:
        self.cx = cx
        self.body = body
        self.module = module
        # Names that others see, or that are bound in ways nobody follows.
        self.away: set[str] = set()
        # Statements that assign the value of an effect, with the name they assign.
        self.targets: dict[int, tuple[str, na.Call]] = {}
        self.begun: set[int] = set()
        self.together: set[int] = set()
        self.runs: list[list[tuple[na.Stmt, na.Call]]] = []
        self.followed: frozenset[str] = frozenset()
        # The last expression statement of a module is its value.
        self.value = next((s for s in reversed(body) if isinstance(s, na.ExprStmt)), None) if module else None
        # Statements whose variables keep their values when an effect fails, and what is in them.
        self.guarded: set[int] = set()

    def look(self) -> None:
        """Fills the tables."""
        if _deepest(self.body) > MAX_NESTED:
            return
        self._guard(self.body, inside=self.module and self.cx.checked.known is not None)
        calls: list[na.Call] = []
        for node in self._here():
            if isinstance(node, na.Stmt) and id(node) not in self.guarded:
                call = self._effect_of(node)
                if call is None:
                    continue
                if isinstance(node, na.ExprStmt):
                    calls.append(call)
                else:
                    self.targets[id(node)] = (_target(node), call)
            elif isinstance(node, (*DISPLAYS, na.Call)) and self._starts_several(node):
                self.together.add(id(node))
        self.followed = frozenset(name for name, _ in self.targets.values()) - self.away
        calls += [call for name, call in self.targets.values() if name in self.followed]
        self.begun = {id(call) for call in calls}

    def _effect_of(self, node: na.Stmt) -> na.Call | None:
        """The call of an effect whose value a plain statement keeps in a variable, or drops."""
        if isinstance(node, (na.Assign, na.AnnAssign)):
            value = node.value if _target(node) else None
        else:
            value = node.value if isinstance(node, na.ExprStmt) and node is not self.value else None
        return value if isinstance(value, na.Call) and is_effect_call(self.cx, value) else None

    def _guard(self, block: tuple[na.Stmt, ...], *, inside: bool) -> None:
        """Notes the statements inside `try` (in a session: all) and finds their runs."""
        run: list[tuple[na.Stmt, na.Call]] = []
        assigned: set[str] = set()
        for statement in block:
            if inside:
                self.guarded.update(id(n) for n in na.walk(statement))
                call = self._effect_of(statement)
                if call is None or not _is_still(self.cx, call, assigned):
                    self._end_run(run)
                    run, assigned = [], set()
                if call is not None and _is_still(self.cx, call, assigned):
                    run.append((statement, call))
                    assigned.add(_target(statement))
            for inner in _blocks(statement):
                self._guard(inner, inside=inside or isinstance(statement, na.Try))
        self._end_run(run)

    def _end_run(self, run: list[tuple[na.Stmt, na.Call]]) -> None:
        if len(run) > 1:
            self.runs.append(run)

    def _starts_several(self, node: na.Expr) -> bool:
        if has_placeholder_call(node):
            return False
        effects = [is_effect_call(self.cx, part) for part in parts(node)]
        if is_race(self.cx, node):
            return any(effects)
        if sum(effects) < 2:
            return False
        after = zip(parts(node), effects, strict=True)
        return id(node) not in self.guarded or all(
            _is_still(self.cx, part, set()) and (effect or not isinstance(part, na.Call))
            for part, effect in list(after)[effects.index(True) :]
        )

    def _here(self) -> Iterable[na.Node]:
        """The nodes this body evaluates itself; collects the names that are `away` meanwhile."""
        consumed: set[int] = set()
        stack: list[tuple[na.Node, bool]] = [(s, True) for s in self.body]
        while stack:
            node, here = stack.pop()
            if isinstance(node, AWAY):
                self._send_away(node)
                continue
            self._note(node)
            if here:
                yield node
            if isinstance(node, na.Call):
                if not mentions_placeholder(node) and self._consumes(node):
                    consumed.update(id(a) for a in node.args)
                if has_hole(node):
                    self._send_away(node)
                    continue
            elif isinstance(node, na.GeneratorExp) and id(node) not in consumed:
                self._send_away(node)
                continue
            elif isinstance(node, na.BinOp) and _is_pipeline(self.cx, node) and _runs_later(self.cx, node):
                self._send_away(node.right)
                stack.append((node.left, here))
                continue
            inside = here and not isinstance(node, (*WALKS, na.GeneratorExp))
            stack.extend((child, inside) for child in node.children())

    def _consumes(self, node: na.Call) -> bool:
        target = self.cx.checked.calls.get(id(node))
        return target is not None and target.kind == "builtin" and target.info in CONSUMERS

    def _note(self, node: na.Node) -> None:
        """Names bound in ways that are not followed."""
        match node:
            case na.ExceptHandler() | na.Capture() if node.name:
                self.away.add(node.name)
            case na.Global() | na.Nonlocal():
                self.away.update(node.names)
            case na.NamedExpr():
                self.away.add(node.target.id)
            case na.ScopedName():
                self.away.add(node.id)
            case na.Comprehension():
                self.away.update(n.id for n in na.walk(node.target) if isinstance(n, na.Name))
            case na.Delete():
                self.away.update(n.id for t in node.targets for n in na.walk(t) if isinstance(n, na.Name))
            case _:
                pass

    def _send_away(self, root: na.Node) -> None:
        """What is mentioned below `root` is seen by others than this body."""
        own_variables = self.module and isinstance(root, DEFINITIONS)
        stores: set[int] = set()
        for node in na.walk(root):
            if isinstance(node, na.Name):
                if id(node) not in stores and (not self.module or self._is_of_module(node)):
                    self.away.add(node.id)
            elif isinstance(node, na.TypeName):
                self.away.add(node.path[0])
            elif not own_variables or isinstance(node, na.Global):
                self._note(node)
            else:
                stores.update(_stored(node))

    def _is_of_module(self, node: na.Name) -> bool:
        return self.cx.checked.bindings.get(id(node)) not in {"local", "cell", "builtin"}


def _stored(node: na.Node) -> list[int]:
    """The names (by id) that a node assigns: inside a definition they are its own, unless it says `global`."""
    match node:
        case na.Assign(targets=targets):
            found = targets
        case na.AnnAssign(target=target) | na.AugAssign(target=target) | na.For(target=target):
            found = (target,)
        case na.Comprehension(target=target) | na.NamedExpr(target=target):
            found = (target,)
        case na.WithItem(target=target) if target is not None:
            found = (target,)
        case _:
            return []
    return [id(n) for target in found for n in na.walk(target) if isinstance(n, na.Name) and _is_bound(target)]


def _is_bound(target: na.Expr) -> bool:
    """Whether the names in a target are assigned, not looked into (`x[0]`, `x.y`)."""
    return not any(isinstance(n, (na.Subscript, na.Attribute)) for n in na.walk(target))


def is_race(cx: Context, node: na.Expr) -> bool:
    """`race(…)`, which takes promises."""
    target = cx.checked.calls.get(id(node))
    return target is not None and target.kind == "builtin" and target.info == "race"


def has_placeholder_call(node: na.Expr) -> bool:
    """Whether the parts of a display or call belong to a stage that is called later."""
    return any(mentions_placeholder(part) for part in parts(node))


def _is_pipeline(cx: Context, node: na.BinOp) -> bool:
    return node.op == "|" and cx.checked.pipes.get(id(node), "dynamic") != "python"


def _runs_later(cx: Context, node: na.BinOp) -> bool:
    """Whether the stage on the right may become a function that is called later, or several times."""
    if mentions_placeholder(node.right):
        return True
    if cx.checked.pipes.get(id(node)) == "apply":
        return False
    return any(isinstance(n, (na.List, na.Capture, na.BinOp)) for n in na.walk(node.right))


def _target(node: na.Stmt) -> str:
    """The plain variable a statement assigns, "" for anything else."""
    if isinstance(node, na.Assign) and len(node.targets) == 1:
        target: na.Expr | None = node.targets[0]
    else:
        target = node.target if isinstance(node, na.AnnAssign) else None
    return target.id if isinstance(target, na.Name) else ""


def _is_still(cx: Context, root: na.Expr, assigned: set[str]) -> bool:
    """Whether an effect's call (or a value) may be evaluated before the variables `assigned` have their values.

    Nothing but the effect is called, nothing can fail that a program's author would think of.
    """
    certain: set[int] = set()
    if isinstance(root, na.Call):
        if not isinstance(root.func, (na.Name, na.Attribute)):
            return False
        certain = {id(root), id(root.func)}
    return all(id(node) in certain or _cannot_fail(cx, node, assigned) for node in na.walk(root))


def _cannot_fail(cx: Context, node: na.Node, assigned: set[str]) -> bool:
    match node:
        case na.Name():
            return node.id not in assigned
        case na.Attribute():
            return bool(cx.type_of(node.value)[0] == "struct")
        case na.BinOp():
            kinds = {str(cx.type_of(node.left)[0]), str(cx.type_of(node.right)[0])}
            if node.op == "+" and "str" in kinds:
                return kinds <= {"str", *NUMBERS}
            return node.op in {"+", "-", "*"} and kinds <= NUMBERS
        case na.FormattedValue():
            return node.spec is None
        case _:
            return isinstance(node, STILL)


def _blocks(node: na.Stmt) -> list[tuple[na.Stmt, ...]]:
    """The blocks of a compound statement."""
    match node:
        case na.If():
            return [*(b.body for b in node.branches), node.orelse]
        case na.While() | na.For():
            return [node.body, node.orelse]
        case na.With():
            return [node.body]
        case na.Try():
            return [node.body, *(h.body for h in node.handlers), node.orelse, node.finalbody]
        case na.Match():
            return [c.body for c in node.cases]
        case _:
            return []


def _deepest(block: tuple[na.Stmt, ...]) -> int:
    """How many of CPython's blocks the statements of a block nest."""
    return max((_nesting(s) for s in block), default=0)


def _nesting(node: na.Stmt) -> int:
    inner = max(map(_deepest, _blocks(node)), default=0)
    match node:
        case na.While() | na.For():
            return 1 + inner
        case na.With():
            return len(node.items) + inner
        case na.Try():
            return 2 + inner
        case _:
            return inner


# --- where promises are read --------------------------------------------------------------------


class _Flow:
    """Walks a body in order, knowing at each place which variables may hold a promise.

    Loops are entered with everything their bodies begin; what comes after a `try` may have been reached from
    anywhere in it. So the answer "holds a value" is certain, the answer "may hold a promise" costs a class test.
    """

    __slots__ = ("frame", "plan")

    def __init__(self, plan: Plan, frame: _Frame) -> None:
        self.plan = plan
        self.frame = frame

    def block(self, body: tuple[na.Stmt, ...], maybe: Names) -> Names:
        for statement in body:
            maybe = self.statement(statement, maybe)
        return maybe

    def statement(self, node: na.Stmt, maybe: Names) -> Names:
        handler = _FLOW.get(node.__class__)
        if handler is not None:
            after: Names = handler(self, node, maybe)
            return after
        return maybe if isinstance(node, AWAY) else self.use(node, maybe)

    def use(self, root: na.Node | None, maybe: Names) -> Names:
        """Notes what an expression reads; what it certainly reads holds a value afterwards."""
        if root is None or not maybe:
            return maybe
        certain: set[str] = set()
        stack: list[tuple[na.Node, bool, na.Node | None]] = [(root, True, None)]
        while stack:
            node, surely, walk = stack.pop()
            if isinstance(node, na.Name):
                if node.id in maybe:
                    self._read(node, walk)
                    if surely:
                        certain.add(node.id)
            elif not isinstance(node, AWAY):
                if walk is None and isinstance(node, (*WALKS, na.GeneratorExp)):
                    walk = node
                stack.extend((child, surely and always, walk) for child, always in _children(node))
        return maybe - certain

    def _read(self, node: na.Name, walk: na.Node | None) -> None:
        if walk is None:
            self.plan.reads.add(id(node))
        else:
            self.plan.walks.setdefault(id(walk), {}).setdefault(node.id, node)

    def target(self, node: na.Expr, maybe: Names) -> Names:
        """An assignment's target: its parts are read, its names hold values afterwards."""
        if isinstance(node, na.Name):
            return maybe - {node.id}
        if isinstance(node, (na.Tuple, na.List)):
            for item in node.elts:
                maybe = self.target(item, maybe)
            return maybe
        if isinstance(node, na.Starred):
            return self.target(node.value, maybe)
        return self.use(node, maybe)

    def begins(self, *blocks: Iterable[na.Stmt]) -> Names:
        """The variables that statements somewhere in these blocks give promises."""
        targets = self.frame.targets
        found = {
            targets[id(n)][0] for block in blocks for s in block for n in na.walk(s) if id(n) in targets
        }  # fmt: skip
        return frozenset(found) & self.frame.followed

    # One function per statement that binds or branches.

    def assign(self, node: na.Assign, maybe: Names) -> Names:
        maybe = self.use(node.value, maybe)
        for target in node.targets:
            maybe = self.target(target, maybe)
        return maybe | self._begun(node)

    def ann_assign(self, node: na.AnnAssign, maybe: Names) -> Names:
        if node.value is None:
            return maybe
        return self.target(node.target, self.use(node.value, maybe)) | self._begun(node)

    def _begun(self, node: na.Stmt) -> Names:
        found = self.frame.targets.get(id(node))
        return frozenset() if found is None else frozenset({found[0]}) & self.frame.followed

    def aug_assign(self, node: na.AugAssign, maybe: Names) -> Names:
        target = node.target
        if isinstance(target, na.Name):
            if target.id in maybe:
                self.plan.before[id(node)] = target
                maybe = maybe - {target.id}
        else:
            maybe = self.use(target, maybe)
        return self.use(node.value, maybe)

    def leave(self, node: na.Stmt, maybe: Names) -> Names:
        self.use(node, maybe)
        return frozenset()

    def if_(self, node: na.If, maybe: Names) -> Names:
        after: Names = frozenset()
        for branch in node.branches:
            maybe = self.use(branch.test, maybe)
            after |= self.block(branch.body, maybe)
        return after | self.block(node.orelse, maybe)

    def while_(self, node: na.While, maybe: Names) -> Names:
        maybe = maybe | self.begins(node.body)
        inside = self.use(node.test, maybe)
        self.block(node.body, inside)
        return maybe | self.block(node.orelse, inside)

    def for_(self, node: na.For, maybe: Names) -> Names:
        maybe = self.use(node.iter, maybe) | self.begins(node.body)
        self.block(node.body, self.target(node.target, maybe))
        return maybe | self.block(node.orelse, maybe)

    def try_(self, node: na.Try, maybe: Names) -> Names:
        """Nothing inside is followed; what began before and is read inside must not fail inside."""
        if any(isinstance(n, na.Name) and n.id in maybe for n in na.walk(node)):
            self.plan.settled.add(id(node))
        after = self.block(node.orelse, self.block(node.body, maybe))
        for handler in node.handlers:
            after |= self.block(handler.body, self.use(handler.type, maybe))
        return self.block(node.finalbody, maybe) if node.finalbody else after

    def with_(self, node: na.With, maybe: Names) -> Names:
        for item in node.items:
            maybe = self.use(item.context, maybe)
            if item.target is not None:
                maybe = self.target(item.target, maybe)
        return maybe | self.begins(node.body) | self.block(node.body, maybe)

    def match(self, node: na.Match, maybe: Names) -> Names:
        maybe = self.use(node.subject, maybe)
        after = maybe
        for case in node.cases:
            after |= self.block(case.body, self.use(case.guard, maybe))
        return after


_FLOW: dict[type[na.Node], Any] = {
    na.Assign: _Flow.assign,
    na.AnnAssign: _Flow.ann_assign,
    na.AugAssign: _Flow.aug_assign,
    na.Return: _Flow.leave,
    na.Raise: _Flow.leave,
    na.Break: _Flow.leave,
    na.Continue: _Flow.leave,
    na.If: _Flow.if_,
    na.While: _Flow.while_,
    na.For: _Flow.for_,
    na.Try: _Flow.try_,
    na.With: _Flow.with_,
    na.Match: _Flow.match,
}


def _children(node: na.Node) -> list[tuple[na.Node, bool]]:
    """What stands below a node, and whether it is evaluated whenever the node is."""
    children = list(node.children())
    match node:
        case na.BoolOp() | na.Assert():
            return [(child, index == 0) for index, child in enumerate(children)]
        case na.Compare():
            return [(child, index < 2) for index, child in enumerate(children)]
        case na.IfExp():
            return [(node.test, True), (node.body, False), (node.orelse, False)]
        case _:
            return [(child, True) for child in children]


# --- where bodies are settled -------------------------------------------------------------------


def _scope(plan: Plan, frame: _Frame, node: na.Stmt) -> None:
    """Notes the blocks that start effects and must not be left before those are done."""
    blocks: list[tuple[object, tuple[na.Stmt, ...]]] = []
    if isinstance(node, (na.Try, na.With)):
        blocks.append((node, node.body))
    if isinstance(node, na.Try):
        blocks += [(handler, handler.body) for handler in node.handlers]
        blocks.append((node.orelse, node.orelse))
    plan.scoped.update(id(key) for key, block in blocks if _starts(frame, block))
    for block in _blocks(node):
        for statement in block:
            _scope(plan, frame, statement)


def _starts(frame: _Frame, body: Iterable[na.Stmt]) -> bool:
    return any(id(n) in frame.begun or id(n) in frame.together for s in body for n in na.walk(s))
