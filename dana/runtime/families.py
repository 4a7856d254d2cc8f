"""What a program finds without importing it: curated names, and the helpers of compiled code.

All of it lives in one plain dict per program, the `__builtins__` of its modules, because CPython is fast only
with a plain one. Most programs use a small part, so the dict begins with what costs nothing (`core`), and
`provide(program, code)` adds what the names in a code object ask for, family by family; a family loads the
modules it needs. A test compares what a family promises here with what it makes.

Invariants: nothing in these tables leads to the interpreter (no `type` of the host, no frames, no modules).
"""

from __future__ import annotations

import builtins as python
from itertools import compress

from dana.runtime.stops import CancelStop, ExitStop, failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType
    from typing import Any

    from dana.runtime.program import Program

    Family = Callable[[Program], dict[str, Any]]

# Python's own functions and exceptions, unchanged.
PYTHON_NAMES = """
abs bin callable chr divmod hex id len next oct ord range
Ellipsis NotImplemented __build_class__
Exception ArithmeticError FloatingPointError OverflowError
ZeroDivisionError AssertionError AttributeError BufferError EOFError ImportError ModuleNotFoundError LookupError
IndexError KeyError MemoryError NameError UnboundLocalError OSError IOError EnvironmentError BlockingIOError
ChildProcessError ConnectionError BrokenPipeError ConnectionAbortedError ConnectionRefusedError
ConnectionResetError FileExistsError FileNotFoundError InterruptedError IsADirectoryError NotADirectoryError
PermissionError ProcessLookupError TimeoutError ReferenceError RuntimeError NotImplementedError RecursionError
StopIteration StopAsyncIteration SyntaxError IndentationError TabError SystemError TypeError ValueError
UnicodeError UnicodeDecodeError UnicodeEncodeError UnicodeTranslateError Warning DeprecationWarning
FutureWarning RuntimeWarning UserWarning
"""

# What is no `Exception` in Python would go through the engine into the host, and end it: a program that raises it
# ends, as by `exit`, or as one that was cancelled. Stops are for no handler that names all there is (L24).
OUTERMOST = {"BaseException": Exception, "KeyboardInterrupt": CancelStop, "SystemExit": ExitStop}

# What is passed on without a look at its size. Whole numbers are in it: where they may be large, more is asked.
SCALARS = frozenset({int, float, bool, complex, type(None)})
# What prints as long as it is.
FLAT = SCALARS | {str, bytes}


def core(program: Program) -> dict[str, Any]:
    """What every program has from its start: metering, `print`, and what is Python's own."""
    meter = program.meter
    table = {name: getattr(python, name) for name in PYTHON_NAMES.split()} | OUTERMOST
    table |= {
        ".meter": meter, ".steps": meter.steps, ".calls": meter.calls, ".bank": meter.bank,
        ".compress": compress, ".zip": zip,
        ".int": int, ".float": float, ".str": str, ".list": list, ".dict": dict, ".set": set, ".tuple": tuple,
        ".bool_class": bool, ".bytes": bytes, ".sum": sum, ".min": min, ".max": max, ".any": any, ".all": all,
        ".sorted": sorted, ".len": len, ".next": next, ".isinstance": isinstance, ".round": round,
        ".Exception": Exception, ".RecursionError": RecursionError, ".OverflowError": OverflowError,
        ".put": object.__setattr__,
        ".enumerate": enumerate, ".reversed": reversed, ".range": range, ".scalars": SCALARS,
    }  # fmt: skip
    return table | by_name(_print(program))


def _print(program: Program) -> Callable[..., None]:
    def print_(*values: Any, sep: str | None = " ", end: str | None = "\n", flush: bool = False) -> None:
        between = " " if sep is None else sep
        ending = "\n" if end is None else end
        if not isinstance(between, str) or not isinstance(ending, str):
            raise _no_text("end" if isinstance(between, str) else "sep")
        for value in values:
            if value.__class__ not in FLAT:
                values = tuple(map(_printable(program)[".printable"], values))
                break
        text = between.join(map(str, values))
        if "<" in text and (" at 0x" in text or "<class '" in text or "<b" in text or "<method '" in text):
            from dana.runtime.showing import shown

            text = between.join(map(shown, values))
        program.write(text + ending)

    return print_


def _no_text(name: str) -> Exception:
    return failure(TypeError, "E601", f"`print` takes a text or none for `{name}=`")


def by_name(*functions: Any) -> dict[str, Any]:
    """Functions by their Dana names, which they also print under; `sum_` is `sum`."""
    for function in functions:
        function.__name__ = function.__qualname__ = function.__name__.rstrip("_")
    return {f.__name__: f for f in functions}


def provide(program: Program, code: CodeType) -> None:
    """Add what the names in a code object, and in the ones inside it, ask for."""
    provide_names(program, asked(code))


def provide_names(program: Program, names: Iterable[str]) -> None:
    """Add what these names ask for: what `asked` found, for code that runs in many programs."""
    table = program.table
    for name in names:
        if name not in table:
            _add(program, HOME[name])


def asked(code: CodeType) -> set[str]:
    """The names in a code object, and in the ones inside it, that a family has."""
    found: set[str] = set()
    cls = code.__class__
    waiting = [code]
    while waiting:
        code = waiting.pop()
        found.update(code.co_names)
        waiting += [each for each in code.co_consts if each.__class__ is cls]
    return found & HOME.keys()


def complete(program: Program) -> None:
    """Add everything: for hosts and natives that look names up themselves, and code nobody has looked through.

    The agents of an engine come when code asks for them: their family loads a good deal.
    """
    for family in FAMILIES:
        if family is not _agents or ".open_agents" not in program.table:
            _add(program, family)


def _add(program: Program, family: Family) -> None:
    """A name the program has already (the engine's `poet`, a test's double) stays what it is."""
    if family in program.families:
        return
    program.families.add(family)
    for name, value in family(program).items():
        program.table.setdefault(name, value)


# --- the families -------------------------------------------------------------------------------


def _spans(program: Program) -> dict[str, Any]:
    from dana.runtime.spans import overdrawn_of, slices_of, spans_of

    slices = slices_of(program.meter)
    return {".slices": slices, ".spans": spans_of(slices), ".overdrawn": overdrawn_of(program.meter, slices)}


def _boundaries(program: Program) -> dict[str, Any]:
    from dana.runtime.coercion import Converting, double_star_param, field, param, result, star_param, type_of_spec

    converting = Converting(program)
    return {
        ".type": type_of_spec, ".param": param, ".result": result, ".field": field, ".star_param": star_param,
        ".double_star_param": double_star_param, ".assign": converting.assign, "cast": converting.cast,
    }  # fmt: skip


def _guards(program: Program) -> dict[str, Any]:
    from dana.runtime.guards import Guards, add, extended, text

    guards = Guards(program)
    return {
        ".add": add, ".text": text, ".extended": extended, ".pow": guards.pow, ".lshift": guards.lshift,
        ".mul": guards.mul, ".times": guards.times, ".grown": guards.grown, ".mod": guards.mod,
        ".addend": guards.addend, "pow": guards.power, "factorial": guards.factorial, **by_name(guards.round_),
    }  # fmt: skip


def _nesting(program: Program) -> dict[str, Any]:
    from dana.runtime.nesting import Nesting

    nested = Nesting(program.meter).nested

    def hash_(value: Any, /) -> int:
        return hash(nested(value) if value.__class__ is tuple else value)

    return {".nested": nested} | by_name(hash_)


def _sized(program: Program) -> dict[str, Any]:
    from dana.runtime.sized import NAMES, Sized

    sized = Sized(program.meter)
    return {f".do:{name}": getattr(sized, name) for name in NAMES} | {".method": sized.method}


def _printable(program: Program) -> dict[str, Any]:
    from dana.runtime.printable import printable_of

    printable = printable_of(program.meter)

    def text_of(value: Any) -> str:
        return str(printable(value))

    return {".printable": printable, ".text_of": text_of}


def _formats(program: Program) -> dict[str, Any]:
    from dana.runtime.formatting import MAX_WIDTH, check_spec, format_of
    from dana.runtime.printable import printable_of

    printable, room = printable_of(program.meter), program.meter.room

    def format_(value: Any, spec: str = "") -> str:
        check_spec(spec)
        text = format(printable(value), spec)
        if len(text) > MAX_WIDTH // 16:
            room(len(text))
        return text

    return {".formatted": format_, ".format_of": format_of} | by_name(format_)


def _structs(program: Program) -> dict[str, Any]:
    from dana.runtime.structs import MISSING, ErrorStruct, Struct, StructMeta, Structs, boxed, maker, missing_field

    structs = Structs(program)
    return {
        ".Struct": Struct, ".StructMeta": StructMeta, ".ErrorStruct": ErrorStruct, ".MISSING": MISSING,
        ".maker": maker, ".missing_field": missing_field, ".struct": structs.struct, ".fields": structs.fields,
        ".boxed": boxed,
    }  # fmt: skip


def _resources(_program: Program) -> dict[str, Any]:
    from dana.runtime.lifecycle import Resource

    return {".Resource": Resource}


def _methods(program: Program) -> dict[str, Any]:
    from dana.runtime.methods import Methods

    methods = Methods(program)
    return {
        ".interface": methods.interface, ".attach": methods.attach, ".ufcs": methods.ufcs,
        ".setattr": methods.setattr, ".delattr": methods.delattr,
    }  # fmt: skip


def _pipelines(program: Program) -> dict[str, Any]:
    from dana.runtime import pipelines as p

    return {
        ".pipe": p.pipe, ".pipe_call": p.pipe_call, ".apply": p.apply, ".stage": p.stage, ".bind": p.bind,
        ".compose": p.compose, ".parallel": p.parallel_of(program), ".partial": p.partial, ".callable": p.is_stage,
        ".workflow": p.workflow, ".plain": p.PLAIN,
    }  # fmt: skip


def _promises(program: Program) -> dict[str, Any]:
    from dana.runtime.effects.effect import helpers

    return helpers(program)


def _together(program: Program) -> dict[str, Any]:
    from dana.runtime.effects.sidebyside import builtins

    return by_name(*builtins(program))


def _handlers(program: Program) -> dict[str, Any]:
    catching = program.catching
    return {".caught": catching.caught, ".err": catching.err, ".raising": catching.raising, ".depth": catching.depth}


def _errors(_program: Program) -> dict[str, Any]:
    from dana.runtime.exceptions import DANA_NAMES

    return dict(DANA_NAMES)


def _scopes(program: Program) -> dict[str, Any]:
    return {".public": program.public, ".system": program.system}


def _imports(program: Program) -> dict[str, Any]:
    from dana.runtime.modules import Modules, undefine

    modules = Modules(program)
    return {
        ".import_": modules.import_, ".from_": modules.from_, ".star": modules.star, ".export": modules.export,
        ".undefine": undefine,
    }  # fmt: skip


def _agents(program: Program) -> dict[str, Any]:
    from dana.runtime.absent import agents

    return agents(program)


def _engines(program: Program) -> dict[str, Any]:
    from dana.runtime.absent import engines

    return engines(program)


def _reasoning(program: Program) -> dict[str, Any]:
    from dana.runtime.natives.reason import table

    return table(program)


def _expecting(_program: Program) -> dict[str, Any]:
    def expecting(function: Any, /, **expected: Any) -> Any:
        """`.expecting(x.solve, .expected=T)`: an agent's question is told its type; all else is itself."""
        if not getattr(type(getattr(function, "_start", None)), "takes_expected", False):
            return function

        def told(*args: Any, **keywords: Any) -> Any:
            return function(*args, **expected, **keywords)

        return told

    return {".expecting": expecting}


def _iteration(program: Program) -> dict[str, Any]:
    from dana.runtime.iteration import table

    return table(program.source, program.meter) | {".source": program.source}


def _iterators(_program: Program) -> dict[str, Any]:
    from dana.runtime.iterators import generator, members

    return {".generator": generator, ".members": members}


def _showing(program: Program) -> dict[str, Any]:
    from dana.runtime.printable import printable_of
    from dana.runtime.showing import shown, shown_inside

    printable = printable_of(program.meter)

    def repr_(value: Any, /) -> str:
        return shown_inside(printable(value))

    return {".shown": shown} | by_name(repr_)


def _values(program: Program) -> dict[str, Any]:
    from dana.runtime.builtins import Values, type_names

    return type_names(program) | Values(program).table()


def _texts(program: Program) -> dict[str, Any]:
    from dana.runtime.output import Texts

    return Texts(program).table()


FAMILIES: dict[Family, str] = {
    _spans: ".slices .spans .overdrawn",
    _boundaries: ".type .param .result .field .star_param .double_star_param .assign cast",
    _guards: ".add .text .extended .pow .lshift .mul .times .grown .addend .mod pow factorial round",
    _nesting: ".nested hash",
    _sized: ".method .do:center .do:ljust .do:rjust .do:zfill .do:expandtabs .do:replace .do:join .do:translate "
    ".do:split .do:rsplit .do:splitlines .do:encode .do:decode .do:title .do:swapcase .do:casefold "
    ".do:capitalize .do:extend .do:sort .do:update .do:fromkeys .do:union "
    ".do:intersection .do:difference .do:symmetric_difference .do:intersection_update .do:difference_update "
    ".do:symmetric_difference_update .do:isdisjoint .do:issubset .do:issuperset .do:to_bytes .do:from_bytes",
    _printable: ".printable .text_of",
    _formats: "format .formatted .format_of",
    _structs: ".Struct .StructMeta .ErrorStruct .MISSING .maker .missing_field .struct .fields .boxed",
    _resources: ".Resource",
    _methods: ".interface .attach .ufcs .setattr .delattr",
    _pipelines: ".pipe .pipe_call .apply .stage .bind .compose .parallel .partial .callable .workflow .plain",
    _handlers: ".caught .err .raising .depth",
    _errors: "DanaError Denied LimitExceeded POETError POETPerceiveError POETOperateError POETEnforceError "
    "POETTimeoutError POETCircuitOpenError POETBulkheadFullError POETInterruptError POETPluginError "
    "POETConfigError IPVError ReasonError AgentError EsperError Timeout Cancelled",
    _scopes: ".public .system",
    _imports: ".import_ .from_ .star .export .undefine",
    _agents: ".Agent .agent .agent_type .base_fields .blueprint DanaAgent BasicAgent",
    _engines: "use get_resource feedback learnable poet",
    _expecting: ".expecting",
    _reasoning: "reason llm ask context_aware_reason set_model",
    _promises: ".begin .Promise .force .promises .expected .last .last_result",
    _together: "race parallel",
    _iterators: ".generator .members",
    _showing: ".shown repr",
    _iteration: ".source sum min max all any sorted filter map zip iter enumerate reversed slice basic_sum "
    "basic_min basic_max",
    _values: "exit quit timeout type isinstance issubclass getattr .getattr hasattr case noop is_even is_odd sum_range "
    "int float bool str list set tuple dict List Set Tuple Dict Mapping frozenset bytes Any object Optional "
    "Union Literal Callable function Iterable Iterator Sequence",
    _texts: "input log log_level capitalize_words title_case",
}
HOME: dict[str, Family] = {name: family for family, names in FAMILIES.items() for name in names.split()}
