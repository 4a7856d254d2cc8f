"""Compares a Dana tree with the tree Python makes of the same text: structure, values, positions.

`differences(source, dana, python)` walks both at once and yields a sentence per difference. Where the two trees
are meant to differ, the comparison says so here: ends of statements may be wider in Dana only where a node
includes what stands before it (decorators).
"""

from __future__ import annotations

import ast

from dana.ast import nodes as na

BIN = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "<<": ast.LShift,
    ">>": ast.RShift,
    "&": ast.BitAnd,
    "^": ast.BitXor,
    "|": ast.BitOr,
    "@": ast.MatMult,
}
UNARY = {"-": ast.USub, "+": ast.UAdd, "~": ast.Invert, "not": ast.Not}
COMPARE = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    ">": ast.Gt,
    "<=": ast.LtE,
    ">=": ast.GtE,
    "in": ast.In,
    "not in": ast.NotIn,
    "is": ast.Is,
    "is not": ast.IsNot,
}


class Twin:
    def __init__(self, source):
        self.source = source
        self.found = []
        self.compared = 0

    def say(self, what, d, p):
        line = getattr(p, "lineno", "?")
        self.found.append(
            f"line {line}: {what}: {str(d)[:80]} against {ast.dump(p)[:80] if isinstance(p, ast.AST) else p!r}"
        )

    def same(self, what, a, b, d, p):
        if a != b or type(a) is not type(b):
            self.say(f"{what} {a!r} is not {b!r}", d, p)

    def position(self, d, p, *, start=True, end=True):
        self.compared += 1
        if start and self.source.python_position(d.start) != (p.lineno, p.col_offset):
            self.say(f"starts at {self.source.python_position(d.start)}, not {(p.lineno, p.col_offset)}", d, p)
        if end and self.source.python_position(d.end) != (p.end_lineno, p.end_col_offset):
            self.say(f"ends at {self.source.python_position(d.end)}, not {(p.end_lineno, p.end_col_offset)}", d, p)

    def all(self, ds, ps, what, d):
        if len(ds) != len(ps):
            self.say(f"{len(ds)} {what}, not {len(ps)}", d, ps)
            return
        for one, other in zip(ds, ps, strict=True):
            self.node(one, other)

    def node(self, d, p):
        if d is None or p is None:
            if d is not p:
                self.say("one is absent", d, p)
            return
        getattr(self, type(d).__name__)(d, p)

    def of(self, p, kind, d):
        if isinstance(p, kind):
            return True
        self.say(f"not a {kind.__name__}", d, p)
        return False

    # statements

    def Module(self, d, p):
        self.all(d.body, p.body, "statements", d)
        self.same("doc", d.doc, ast.get_docstring(p, clean=False), d, p)

    def ExprStmt(self, d, p):
        if self.of(p, ast.Expr, d):
            self.position(d, p)
            self.node(d.value, p.value)

    def Assign(self, d, p):
        if self.of(p, ast.Assign, d):
            self.position(d, p)
            self.all(d.targets, p.targets, "targets", d)
            self.node(d.value, p.value)

    def AnnAssign(self, d, p):
        if self.of(p, ast.AnnAssign, d):
            self.position(d, p)
            self.node(d.target, p.target)
            self.annotation(d.annotation, p.annotation)
            self.node(d.value, p.value)

    def AugAssign(self, d, p):
        if self.of(p, ast.AugAssign, d):
            self.position(d, p)
            self.node(d.target, p.target)
            self.same("op", BIN[d.op], type(p.op), d, p)
            self.node(d.value, p.value)

    def Return(self, d, p):
        if self.of(p, ast.Return, d):
            self.position(d, p)
            self.node(d.value, p.value)

    def Raise(self, d, p):
        if self.of(p, ast.Raise, d):
            self.position(d, p)
            self.node(d.exc, p.exc)
            self.node(d.cause, p.cause)

    def Assert(self, d, p):
        if self.of(p, ast.Assert, d):
            self.position(d, p)
            self.node(d.test, p.test)
            self.node(d.msg, p.msg)

    def Delete(self, d, p):
        if self.of(p, ast.Delete, d):
            self.position(d, p)
            self.all(d.targets, p.targets, "targets", d)

    def Pass(self, d, p):
        self.of(p, ast.Pass, d)
        self.position(d, p)

    def Break(self, d, p):
        self.of(p, ast.Break, d)
        self.position(d, p)

    def Continue(self, d, p):
        self.of(p, ast.Continue, d)
        self.position(d, p)

    def Global(self, d, p):
        self.of(p, ast.Global, d)
        self.position(d, p)
        self.same("names", list(d.names), p.names, d, p)

    def Nonlocal(self, d, p):
        self.of(p, ast.Nonlocal, d)
        self.position(d, p)
        self.same("names", list(d.names), p.names, d, p)

    def alias(self, d, p):
        self.position(d, p)
        self.same("path", ".".join(d.path) + (".py" if d.python else ""), p.name, d, p)
        self.same("asname", d.asname, p.asname, d, p)

    def Import(self, d, p):
        if self.of(p, ast.Import, d):
            self.position(d, p)
            for one, other in zip(d.names, p.names, strict=True):
                self.alias(one, other)

    def ImportFrom(self, d, p):
        if self.of(p, ast.ImportFrom, d):
            self.position(d, p)
            self.same("level", d.level, p.level, d, p)
            self.same("path", ".".join(d.path) or None, p.module, d, p)
            if d.names is None:
                self.same("names", "*", p.names[0].name, d, p)
            else:
                for one, other in zip(d.names, p.names, strict=True):
                    self.alias(one, other)

    def If(self, d, p):
        for number, branch in enumerate(d.branches):
            if not self.of(p, ast.If, branch):
                return
            self.position(branch, p, end=False)
            if number == 0:
                self.position(d, p)
            self.node(branch.test, p.test)
            self.all(branch.body, p.body, "statements", d)
            if number + 1 < len(d.branches):
                p = p.orelse[0]
        self.all(d.orelse, p.orelse, "else statements", d)

    def While(self, d, p):
        if self.of(p, ast.While, d):
            self.position(d, p)
            self.node(d.test, p.test)
            self.all(d.body, p.body, "statements", d)
            self.all(d.orelse, p.orelse, "else statements", d)

    def For(self, d, p):
        if self.of(p, ast.For, d):
            self.position(d, p)
            self.node(d.target, p.target)
            self.node(d.iter, p.iter)
            self.all(d.body, p.body, "statements", d)
            self.all(d.orelse, p.orelse, "else statements", d)

    def Try(self, d, p):
        if self.of(p, ast.Try, d):
            self.position(d, p)
            self.all(d.body, p.body, "statements", d)
            self.all(d.handlers, p.handlers, "handlers", d)
            self.all(d.orelse, p.orelse, "else statements", d)
            self.all(d.finalbody, p.finalbody, "finally statements", d)

    def ExceptHandler(self, d, p):
        self.position(d, p)
        self.same("name", d.name, p.name, d, p)
        self.node(d.type, p.type)
        self.all(d.body, p.body, "statements", d)

    def With(self, d, p):
        if self.of(p, ast.With, d):
            self.position(d, p)
            for one, other in zip(d.items, p.items, strict=True):
                self.node(one.context, other.context_expr)
                self.node(one.target, other.optional_vars)
            self.all(d.body, p.body, "statements", d)

    def FunctionDef(self, d, p):
        if not self.of(p, ast.FunctionDef, d):
            return
        self.position(d, p, start=not d.decorators)
        self.same("name", d.name, p.name, d, p)
        self.same("doc", d.doc, ast.get_docstring(p, clean=False), d, p)
        self.all([x.expr for x in d.decorators], p.decorator_list, "decorators", d)
        self.params(d.params, p.args, d)
        self.annotation(d.returns, p.returns)
        self.all(d.body, p.body, "statements", d)

    def params(self, ds, args, d):
        positional = args.posonlyargs + args.args
        kinds = ["positional"] * len(args.posonlyargs) + ["normal"] * len(args.args)
        defaults = [None] * (len(positional) - len(args.defaults)) + args.defaults
        expected = list(zip(positional, kinds, defaults, strict=True))
        if args.vararg:
            expected.append((args.vararg, "star", None))
        expected += [(a, "keyword", e) for a, e in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
        if args.kwarg:
            expected.append((args.kwarg, "double_star", None))
        if len(ds) != len(expected):
            self.say(f"{len(ds)} parameters, not {len(expected)}", d, args)
            return
        for one, (arg, kind, default) in zip(ds, expected, strict=True):
            self.same("parameter", (one.name, one.kind), (arg.arg, kind), one, arg)
            self.position(one, arg, start=kind not in ("star", "double_star"), end=default is None)
            self.annotation(one.annotation, arg.annotation)
            self.node(one.default, default)

    def annotation(self, d, p):
        if d is None or p is None:
            if d is not p:
                self.say("annotation", d, p)
            return
        if isinstance(d, na.TypeName) and not isinstance(p, ast.Constant):
            self.position(d, p)

    def Match(self, d, p):
        if self.of(p, ast.Match, d):
            self.position(d, p)
            self.node(d.subject, p.subject)
            for one, other in zip(d.cases, p.cases, strict=True):
                self.node(one.pattern, other.pattern)
                self.node(one.guard, other.guard)
                self.all(one.body, other.body, "statements", d)

    def PatternValue(self, d, p):
        if self.of(p, ast.MatchValue, d):
            self.position(d, p)
            self.node(d.value, p.value)

    def PatternSingleton(self, d, p):
        if self.of(p, ast.MatchSingleton, d):
            self.position(d, p)
            self.same("value", d.value, p.value, d, p)

    def PatternCapture(self, d, p):
        if self.of(p, ast.MatchAs, d):
            self.position(d, p)
            self.same("name", d.name, p.name, d, p)

    def PatternAs(self, d, p):
        if self.of(p, ast.MatchAs, d):
            self.same("name", d.name, p.name, d, p)
            self.node(d.pattern, p.pattern)

    def PatternStar(self, d, p):
        if self.of(p, ast.MatchStar, d):
            self.same("name", d.name, p.name, d, p)

    def PatternSequence(self, d, p):
        if self.of(p, ast.MatchSequence, d):
            self.position(d, p)
            self.all(d.patterns, p.patterns, "patterns", d)

    def PatternMapping(self, d, p):
        if self.of(p, ast.MatchMapping, d):
            self.position(d, p)
            self.all(d.keys, p.keys, "keys", d)
            self.all(d.patterns, p.patterns, "patterns", d)
            self.same("rest", d.rest, p.rest, d, p)

    def PatternClass(self, d, p):
        if self.of(p, ast.MatchClass, d):
            self.position(d, p)
            self.node(d.cls, p.cls)
            self.all(d.patterns, p.patterns, "patterns", d)
            self.same("names", list(d.kw_names), p.kwd_attrs, d, p)
            self.all(d.kw_patterns, p.kwd_patterns, "patterns", d)

    def PatternOr(self, d, p):
        if self.of(p, ast.MatchOr, d):
            self.all(d.patterns, p.patterns, "patterns", d)

    # expressions

    def Name(self, d, p):
        if self.of(p, ast.Name, d):
            self.position(d, p)
            self.same("id", d.id, p.id, d, p)

    def Constant(self, d, p):
        if self.of(p, ast.Constant, d):
            self.position(d, p)
            self.same("value", d.value, p.value, d, p)

    def JoinedStr(self, d, p):
        if not self.of(p, ast.JoinedStr, d):
            return
        self.position(d, p)
        mine, debug = [], ""
        for part in d.parts:
            if isinstance(part, na.FormattedValue):
                debug += part.debug or ""
                if debug:
                    mine.append(debug)
                debug = ""
                mine.append(part)
            else:
                debug += part.value
        if debug:
            mine.append(debug)
        theirs = [v.value if isinstance(v, ast.Constant) else v for v in p.values]
        if [type(m) is str for m in mine] != [type(t) is str for t in theirs]:
            self.say("parts", d, p)
            return
        for one, other in zip(mine, theirs, strict=True):
            if isinstance(one, str):
                self.same("text", one, other, d, p)
                continue
            # Positions inside f-strings are Python's only since 3.12.
            inner = Twin(self.source)
            inner.position = lambda *_a, **_k: None
            inner.node(one.value, other.value)
            self.found += inner.found
            wanted = -1 if one.conversion is None else ord(one.conversion)
            if one.debug and one.conversion is None and one.spec is None:
                wanted = ord("r")
            self.same("conversion", wanted, other.conversion, d, p)
            if one.spec is None:
                if other.format_spec is not None:
                    self.say("spec", d, p)
            else:
                inner = Twin(self.source)
                inner.position = lambda *_a, **_k: None
                inner.node(one.spec, other.format_spec)
                self.found += inner.found

    def List(self, d, p):
        if self.of(p, ast.List, d):
            self.position(d, p)
            self.all(d.elts, p.elts, "items", d)

    def Tuple(self, d, p):
        if self.of(p, ast.Tuple, d):
            self.position(d, p)
            self.all(d.elts, p.elts, "items", d)

    def Set(self, d, p):
        if self.of(p, ast.Set, d):
            self.position(d, p)
            self.all(d.elts, p.elts, "items", d)

    def Dict(self, d, p):
        if self.of(p, ast.Dict, d):
            self.position(d, p)
            self.all([i.key for i in d.items], p.keys, "keys", d)
            self.all([i.value for i in d.items], p.values, "values", d)

    def Starred(self, d, p):
        if self.of(p, ast.Starred, d):
            self.position(d, p)
            self.node(d.value, p.value)

    def generators(self, ds, ps):
        for one, other in zip(ds, ps, strict=True):
            self.node(one.target, other.target)
            self.node(one.iter, other.iter)
            self.all(one.ifs, other.ifs, "conditions", one)

    def ListComp(self, d, p, kind=ast.ListComp):
        if self.of(p, kind, d):
            self.position(d, p)
            self.node(d.elt, p.elt)
            self.generators(d.generators, p.generators)

    def SetComp(self, d, p):
        self.ListComp(d, p, ast.SetComp)

    def GeneratorExp(self, d, p):
        self.ListComp(d, p, ast.GeneratorExp)

    def DictComp(self, d, p):
        if self.of(p, ast.DictComp, d):
            self.position(d, p)
            self.node(d.key, p.key)
            self.node(d.value, p.value)
            self.generators(d.generators, p.generators)

    def UnaryOp(self, d, p):
        if self.of(p, ast.UnaryOp, d):
            self.position(d, p)
            self.same("op", UNARY[d.op], type(p.op), d, p)
            self.node(d.operand, p.operand)

    def BinOp(self, d, p):
        if self.of(p, ast.BinOp, d):
            self.same("op", BIN[d.op], type(p.op), d, p)
            self.position(d, p)
            self.node(d.left, p.left)
            self.node(d.right, p.right)

    def BoolOp(self, d, p):
        if self.of(p, ast.BoolOp, d):
            self.same("op", ast.And if d.op == "and" else ast.Or, type(p.op), d, p)
            self.position(d, p)
            values = list(p.values)
            while isinstance(values[0], ast.BoolOp) and type(values[0].op) is type(p.op):
                values[:1] = values[0].values
            self.all(d.values, values, "values", d)

    def Compare(self, d, p):
        if self.of(p, ast.Compare, d):
            self.position(d, p)
            self.same("ops", [COMPARE[o] for o in d.ops], [type(o) for o in p.ops], d, p)
            self.node(d.left, p.left)
            self.all(d.comparators, p.comparators, "comparators", d)

    def IfExp(self, d, p):
        if self.of(p, ast.IfExp, d):
            self.position(d, p)
            self.node(d.test, p.test)
            self.node(d.body, p.body)
            self.node(d.orelse, p.orelse)

    def NamedExpr(self, d, p):
        if self.of(p, ast.NamedExpr, d):
            self.position(d, p)
            self.node(d.target, p.target)
            self.node(d.value, p.value)

    def Lambda(self, d, p):
        if self.of(p, ast.Lambda, d):
            self.position(d, p)
            self.params(d.params, p.args, d)
            self.node(d.body, p.body)

    def Call(self, d, p):
        if self.of(p, ast.Call, d):
            self.position(d, p)
            self.node(d.func, p.func)
            self.all(d.args, p.args, "arguments", d)
            self.same("keywords", [k.name for k in d.keywords], [k.arg for k in p.keywords], d, p)
            self.all([k.value for k in d.keywords], [k.value for k in p.keywords], "keywords", d)

    def Attribute(self, d, p):
        if self.of(p, ast.Attribute, d):
            self.position(d, p)
            self.same("attr", d.attr, p.attr, d, p)
            self.node(d.value, p.value)

    def Subscript(self, d, p):
        if self.of(p, ast.Subscript, d):
            self.position(d, p)
            self.node(d.value, p.value)
            self.node(d.index, p.slice)

    def Slice(self, d, p):
        if self.of(p, ast.Slice, d):
            self.position(d, p)
            self.node(d.lower, p.lower)
            self.node(d.upper, p.upper)
            self.node(d.step, p.step)


def differences(source, module, python):
    """All differences as sentences, and how many positions were compared."""
    twin = Twin(source)
    twin.node(module, python)
    return twin.found, twin.compared
