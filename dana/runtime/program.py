"""One run's state: `Program`, and a `ModuleRecord` per module.

    program = Program(meter=Meter(steps=…), output=sys.stdout.write)
    program.sources[source.name] = source
    record = program.module("__main__", "bill.na")
    program.meter.start(); exec(code, record.globals); program.meter.finish()
    program.close()                                  # stops resources

The engine provides what reaches outside: `loader` (imports), `output`, `read`, `log`, the clock. Nothing here
is global to the process.
"""

from __future__ import annotations

import sys
import time
from itertools import compress, islice

from dana import abi
from dana.runtime.builtins import bounded, dana_builtins, getattr_
from dana.runtime.coercion import Converting, field, param, result, type_of_spec
from dana.runtime.exceptions import Catching
from dana.runtime.formatting import format_of
from dana.runtime.guards import Guards, add, extended, text
from dana.runtime.lifecycle import Resource, adopt_hooks, stop_all
from dana.runtime.meter import Meter
from dana.runtime.methods import Methods, put_method
from dana.runtime.modules import Modules, ModuleValue
from dana.runtime.pipelines import apply, bind, compose, is_stage, parallel, partial, pipe, pipe_call, stage, workflow
from dana.runtime.scopes import Public, System
from dana.runtime.spans import overdrawn_of, slices_of, spans_of
from dana.runtime.stops import failure
from dana.runtime.structs import (
    MISSING,
    ErrorStruct,
    Printing,
    Struct,
    StructMeta,
    Structs,
    missing_field,
)
from dana.runtime.typevalues import TypeValue, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.structs import Shape
    from dana.source import Source

    Loader = Callable[[str, int, tuple[str, ...], bool, "ModuleRecord"], "ModuleRecord"]

DEFAULT_OUTPUT_LIMIT = None
# Classes whose instances are certainly no stages of a pipeline when they stand on its left.
PLAIN = frozenset({str, int, float, bool, type(None), list, tuple, dict, set, bytes, range})


class ModuleRecord:
    """One module of a program; `.module` in its globals.

    `value` is what importers hold; `globals` is that value's own namespace, so both always agree.
    """

    __slots__ = ("doc", "exports", "file", "globals", "name", "pending", "program", "shapes", "value")

    def __init__(self, program: Program, name: str, file: str) -> None:
        self.program = program
        self.name = name
        self.file = file
        self.value = ModuleValue(name)
        self.globals: dict[str, Any] = self.value.__dict__
        self.globals.clear()
        self.exports: list[str] = []
        self.shapes: dict[str, Shape] = {}
        self.pending: dict[str, list[tuple[str, Any]]] = {}
        self.globals.update({"__builtins__": program.builtins, "__name__": name, "__file__": file, ".module": self})

    def complete(self, shape: Shape) -> None:
        """A struct class has been completed: methods that waited for it are attached."""
        self.shapes[shape.name] = shape
        if shape.kind == "resource":
            adopt_hooks(shape.cls)
        for name, function in self.pending.pop(shape.name, ()):
            put_method(shape.cls, name, function)

    def __repr__(self) -> str:
        return f"ModuleRecord({self.name!r})"


class Program:
    """Everything one run of a program owns.

    `output(text)` prints, `read(prompt)` answers `input` (None: refused), `log(level, text)` takes log lines;
    `loader(name, level, path, python, importer)` finds, compiles and runs a module and returns its record.
    `sources` maps the file names of Dana code objects to their sources: whose frames are Dana's is decided by it.
    """

    __slots__ = (
        "_output",
        "_output_left",
        "_random",
        "builtins",
        "catching",
        "clock",
        "converting",
        "guards",
        "loader",
        "log",
        "meter",
        "modules",
        "printing",
        "public",
        "read",
        "running",
        "seed",
        "source",
        "sources",
        "stderr",
        "system",
        "types",
    )

    def __init__(
        self,
        *,
        meter: Meter | None = None,
        output: Callable[[str], object] | None = None,
        read: Callable[[str], str] | None = None,
        log: Callable[[str, str], object] | None = None,
        loader: Loader | None = None,
        clock: Any = time,
        stderr: Any = None,
        output_limit: int | None = DEFAULT_OUTPUT_LIMIT,
        seed: int | None = None,
    ) -> None:
        self.seed = seed
        self._random: Any = None
        self.clock = clock
        self.meter = meter if meter is not None else Meter(clock=clock.monotonic)
        self._output = output
        self._output_left = output_limit
        self.read = read
        self.stderr = stderr
        self.log = log if log is not None else self._log
        self.loader = loader
        self.sources: dict[str, Source] = {}
        self.modules: dict[str, ModuleRecord] = {}
        self.running: list[Any] = []
        self.printing = Printing()
        self.types: dict[type, TypeValue] = {}
        self.public = Public()
        self.system = System(self)
        self.source = bounded(self.meter.steps)
        self.guards = Guards(self)
        self.converting = Converting(self)
        self.catching = Catching(self)
        self.builtins: dict[str, Any] = dana_builtins(self)
        self.builtins.update(helpers(self))
        self.builtins[".formatted"] = self.builtins["format"]
        self.builtins.update({name: agent(name) for name in ("DanaAgent", "BasicAgent")})

    @property
    def random(self) -> Any:
        """The program's own source of randomness (`random.Random`), repeatable when it has a seed."""
        if self._random is None:
            from random import Random

            self._random = Random(self.seed)  # noqa: S311  (dice, not secrets)
        return self._random

    def module(self, name: str, file: str) -> ModuleRecord:
        """A new module, registered under its name."""
        record = ModuleRecord(self, name, file)
        self.modules[name] = record
        return record

    def write(self, text: str) -> None:
        """Print; raises the limit "output" when the program has printed enough."""
        left = self._output_left
        if left is not None:
            if len(text) > left:
                self._output_left = 0
                raise self.meter.stop("output")
            self._output_left = left - len(text)
        if self._output is not None:
            self._output(text)
        else:
            sys.stdout.write(text)

    @property
    def prints_on_terminal(self) -> bool:
        """Whether printed text goes straight to a terminal: nobody intercepts it, and stdout is one."""
        return self._output is None and sys.stdout is not None and sys.stdout.isatty()

    def _log(self, level: str, text: str) -> None:
        stream = self.stderr if self.stderr is not None else sys.stderr
        stream.write(f"{level}: {text}\n")

    def type_name(self, value: Any) -> str:
        """Dana's word for the type of a value."""
        return kind_of(value)

    def close(self) -> list[BaseException]:
        """End the program: resources that still run are stopped, last started first; returns what failed."""
        self.meter.closing()
        return stop_all(self.running)


def helpers(program: Program) -> dict[str, Any]:
    """The helpers of compiled code (architecture, section 5); no Dana name can spell theirs."""
    meter, guards, converting, catching = program.meter, program.guards, program.converting, program.catching
    structs, methods, modules = Structs(program), Methods(program), Modules(program)
    slices = slices_of(meter)
    return {
        # metering and Python's own
        ".steps": meter.steps, ".calls": meter.calls, ".compress": compress, ".slices": slices, ".overdrawn": overdrawn_of(meter, slices), ".bank": meter.bank, ".len": len,
        ".OverflowError": OverflowError, ".spans": spans_of(slices), ".next": next, ".islice": islice,
        ".int": int, ".float": float, ".str": str, ".list": list, ".dict": dict, ".set": set, ".tuple": tuple,
        ".bool_class": bool, ".bytes": bytes, ".sum": sum, ".min": min, ".max": max, ".any": any, ".all": all, ".sorted": sorted,
         ".isinstance": isinstance, ".getattr": getattr_,
        ".plain": PLAIN, ".Exception": Exception, ".RecursionError": RecursionError,
        # types and boundaries
        ".type": type_of_spec, ".param": param, ".result": result, ".field": field,
        ".star_param": star_param, ".double_star_param": double_star_param, ".assign": converting.assign,
        # operators
        ".add": add, ".text": text, ".extended": extended, ".pow": guards.pow, ".lshift": guards.lshift, ".mul": guards.mul,
        ".format_of": format_of,
        # structs and methods
        ".Struct": Struct, ".StructMeta": StructMeta, ".ErrorStruct": ErrorStruct, ".Resource": Resource,
        ".MISSING": MISSING, ".put": object.__setattr__, ".maker": maker, ".missing_field": missing_field,
        ".struct": structs.struct, ".fields": structs.fields, ".interface": methods.interface,
        ".attach": methods.attach, ".ufcs": methods.ufcs, ".setattr": methods.setattr, ".delattr": methods.delattr,
        ".agent": agent, ".boxed": boxed,
        # pipelines
        ".pipe": pipe, ".pipe_call": pipe_call, ".apply": apply, ".stage": stage, ".bind": bind, ".compose": compose,
        ".parallel": parallel, ".partial": partial, ".callable": is_stage, ".workflow": workflow,
        # exceptions
        ".caught": catching.caught, ".err": catching.err, ".raising": catching.raising, ".depth": catching.depth,
        # scopes and modules
        ".undefine": undefine, ".public": program.public, ".system": program.system,
        ".import_": modules.import_, ".from_": modules.from_, ".star": modules.star, ".export": modules.export,
    }  # fmt: skip


def star_param(values: tuple[Any, ...], declared: TypeValue, function: str, name: str) -> tuple[Any, ...]:
    """`.star_param`: every one of the values collected by `*name`."""
    return tuple(param(v, declared, function, f"*{name}") for v in values)


def double_star_param(values: dict[str, Any], declared: TypeValue, function: str, name: str) -> dict[str, Any]:
    """`.double_star_param`: every one of the values collected by `**name`."""
    return {k: param(v, declared, function, f"**{name}[{k}]") for k, v in values.items()}


def undefine(record: ModuleRecord, *names: str) -> None:
    """`.undefine(record, "f")`: until `f` is defined (again), its entry without checks says that it is not."""
    for name in names:
        record.globals[abi.unchecked(name)] = _undefined(name)


def _undefined(name: str) -> Callable[..., Any]:
    def missing(*_values: Any) -> Any:
        raise failure(NameError, "E603", f"name {name!r} is not defined", "it is defined later, or was deleted")

    return missing


def maker(cls: type) -> Callable[[], Any]:
    """`.maker(P)`: makes empty instances of a struct class for its unchecked constructor."""
    from functools import partial

    return partial(object.__new__, cls)


class boxed:  # noqa: N801  (named like the helper it is)
    """`.boxed(v)`: gives a value the dotted form that CPython wants in patterns."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class agent:  # noqa: N801  (named like the helper it is)
    """`.agent(name)`: agents parse and check; running one says clearly that this version cannot."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *_args: Any, **_keywords: Any) -> Any:
        raise self._refusal()

    def __getattr__(self, name: str) -> Any:
        if name[0] == "_":
            raise AttributeError(name)
        raise self._refusal()

    def _refusal(self) -> Exception:
        return failure(RuntimeError, "E824", f"agent `{self._name}`: this version of Dana cannot run agents yet")

    def __repr__(self) -> str:
        return f"Agent[{self._name}]"
