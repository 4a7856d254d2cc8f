"""A program to run lowered-looking Python in: `h_steps` in a test's text is the helper `.steps`."""

from __future__ import annotations

import ast
import textwrap

import pytest

from dana.runtime.meter import Meter
from dana.runtime.program import Program
from dana.source import Source


class FakeClock:
    """Time that passes by being told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_000_000.0 + self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class _Helpers(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id.startswith("h_"):
            node.id = "." + node.id[2:]
        return node


class Machine:
    """One program, its clock, what it printed."""

    def __init__(self, **limits) -> None:
        self.clock = FakeClock()
        self.printed: list[str] = []
        meter = Meter(**limits, clock=self.clock.monotonic, watch=False)
        self.program = Program(meter=meter, output=self.printed.append, clock=self.clock)
        self.record = self.program.module("__main__", "main.na")
        self.scope = self.record.globals
        self.h = {name[1:]: value for name, value in self.program.builtins.items() if name[0] == "."}

    def helper(self, name: str):
        return self.program.builtins["." + name]

    def run(self, text: str, file: str = "main.na", **names):
        """Execute text inside the limits; returns the module's variables."""
        text = textwrap.dedent(text).strip("\n") + "\n"
        self.program.sources[file] = Source(file, text)
        tree = ast.fix_missing_locations(_Helpers().visit(ast.parse(text)))
        self.scope.update(names)
        self.program.meter.start()
        try:
            exec(compile(tree, file, "exec"), self.scope)
        finally:
            self.program.meter.finish()
        return self.scope

    def fault(self, text: str, **names):
        """The diagnosed error of a text that must fail."""
        from dana.runtime.faults import diagnose

        try:
            self.run(text, **names)
        except BaseException as error:  # noqa: BLE001  (what the engine's boundary does)
            return diagnose(error, self.program)
        pytest.fail("nothing went wrong")

    def struct(self, name: str, /, frozen: bool = False, kind: str = "struct", **fields):
        """A struct class as the lowering makes it; a field is a spec or `(spec, default)`."""
        from dana import abi

        missing = self.h["MISSING"]
        base = {"struct": "Struct", "resource": "Resource", "exception": "ErrorStruct"}[kind]
        facts, args, body = [], ["self"], []
        defaults = {}
        for field, given in fields.items():
            has_default = isinstance(given[0], tuple)
            spec = given[0] if has_default else given
            if has_default:
                defaults[field] = given[1]
                args.append(f"{field}=_default_{field}")
            else:
                args.append(field)
            declared = self.h["type"](self.record, spec)
            facts.append((field, declared, has_default, None))
            defaults_key = f"_type_{field}"
            defaults[defaults_key] = declared
            if spec != ("any",):
                body.append(f"    {field} = _field({field}, {defaults_key}, {name!r}, {field!r})")
            body.append(f"    _put(self, {abi.mangle(field)!r}, {field})")
        scope = {f"_default_{k}": v for k, v in defaults.items() if not k.startswith("_type_")}
        scope |= {k: v for k, v in defaults.items() if k.startswith("_type_")}
        scope |= {"_field": self.h["field"], "_put": self.h["put"], "MISSING": missing}
        text = f"def __init__({', '.join(args)}):\n" + ("\n".join(body) or "    pass")
        exec(text, scope)
        bases = (self.h[base],) if kind != "exception" else (self.h[base], Exception)
        namespace = {"__slots__": tuple(abi.mangle(f) for f in fields), "__init__": scope["__init__"]}
        scope["__init__"].__qualname__ = f"{name}.__init__"
        cls = self.h["StructMeta"](name, bases, namespace)
        self.scope[name] = cls  # as the `class` statement does
        return self.helper("struct")(cls, self.record, kind, tuple(facts), frozen, None)

    def type(self, *spec):
        return self.h["type"](self.record, spec)


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def make_machine():
    return Machine
