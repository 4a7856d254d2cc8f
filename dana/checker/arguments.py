"""Arguments against parameters: how many, by which names, of which types (L19)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.conversion import check_value
from dana.checker.types import ANY, show, show_signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import StructInfo
    from dana.checker.types import Type


def evaluate(c: Context, node: na.Call, *, pure: bool = False) -> list[tuple[Any, Any]]:
    """Checks all arguments; `pure` callees only look at containers. Starred ones yield `(node, None)`."""
    from dana.checker.expressions import check_iterable, peek

    visit = peek if pure else _expr
    found: list[tuple[Any, Any]] = []
    for arg in node[3]:
        if arg.__class__ is na.Starred:
            check_iterable(c, arg.value, peek(c, arg.value))
            found.append((arg, None))
        else:
            found.append((arg, visit(c, arg)))
    for keyword in node[4]:
        t = visit(c, keyword.value)
        if keyword.name is None and t[0] in ("int", "float", "bool", "none", "str", "list", "set"):
            c.report("E308", f"`**` needs a dict, not {show(t)}", keyword.value)
        found.append((keyword, t))
    return found


def _expr(c: Context, node: Any) -> Type:
    return c.expr(node)


def match_arguments(
    c: Context,
    node: na.Call,
    func: Type,
    title: str,
    given: list[tuple[Any, Any]],
    *,
    skip: int = 0,
    strict: bool = False,
    struct: StructInfo | None = None,
) -> None:
    """Reports missing, surplus, unknown, repeated and ill-typed arguments of a call of known signature.

    The first `skip` parameters are filled already (a receiver, a piped value).
    """
    params = func[1]
    if params is None:
        return
    positional = node[3]
    plain = not node[4] and not skip and len(positional) == len(params)
    if plain and _match_plainly(c, params, given, title, strict=strict):
        return
    _Matching(c, node, func, title, given, strict, struct).run(skip)


def _match_plainly(c: Context, params: Any, given: Any, title: str, *, strict: bool) -> bool:
    """The common case: as many plain arguments as plain parameters."""
    for param, (_, t) in zip(params, given, strict=True):
        if t is None or param[2] not in ("normal", "positional"):
            return False
    for param, (arg, t) in zip(params, given, strict=True):
        if param[1] is not ANY:
            check_value(c, arg, t, param[1], "E301", f"argument `{param[0]}` of `{title}`", strict=strict)
    return True


class _Matching:
    """One call being matched."""

    __slots__ = ("c", "filled", "func", "given", "node", "open", "params", "strict", "struct", "title")

    def __init__(
        self, c: Context, node: na.Call, func: Type, title: str, given: Any, strict: bool, struct: Any
    ) -> None:
        self.c = c
        self.node = node
        self.func = func
        self.params = func[1]
        self.title = title
        self.given = given
        self.strict = strict
        self.struct = struct
        self.filled: dict[str, bool] = {}
        self.open = False

    def run(self, skip: int) -> None:
        normal = [p for p in self.params if p[2] in ("normal", "positional")]
        for param in normal[:skip]:
            self.filled[param[0]] = True
        self.positional(normal, skip)
        self.keywords()
        if not self.open:
            self.missing()

    def positional(self, normal: Any, skip: int) -> None:
        at = skip
        star = next((p for p in self.params if p[2] == "star"), None)
        count = len(self.node.args)
        for arg, t in self.given[:count]:
            if t is None:
                self.open = True
                at = len(normal)
            elif at < len(normal):
                self.filled[normal[at][0]] = True
                self.value(normal[at], arg, t)
                at += 1
            elif star is not None:
                self.value(star, arg, t)
            elif not self.open:
                self.surplus(arg, len(normal), skip + count)
                self.open = True
                return

    def value(self, param: Any, arg: Any, t: Type) -> None:
        if param[1] is not ANY:
            what = (
                f"field `{param[0]}` of `{self.title}`" if self.struct else f"argument `{param[0]}` of `{self.title}`"
            )
            check_value(self.c, arg, t, param[1], "E301", what, strict=self.strict)

    def surplus(self, arg: Any, takes: int, count: int) -> None:
        noun = "field" if self.struct else "argument"
        text = f"`{self.title}` takes {takes} {noun}{'' if takes == 1 else 's'}, not {count}"
        self.c.report("E402", text, arg, label="one too many" if count - takes == 1 else "too many", hint=self.shape())

    def keywords(self) -> None:
        by_name = {p[0]: p for p in self.params if p[2] in ("normal", "keyword")}
        catch_all = any(p[2] == "double_star" for p in self.params)
        for keyword, t in self.given[len(self.node.args) :]:
            name = keyword.name
            if name is None:
                self.open = True
            elif name not in by_name:
                if not catch_all:
                    self.unknown(keyword, by_name)
            elif name in self.filled and not self.open:
                noun = "field" if self.struct else "argument"
                self.c.report("E404", f"{noun} `{name}` of `{self.title}` is given twice", keyword, hint=self.shape())
            else:
                self.filled[name] = True
                self.value(by_name[name], keyword.value, t)

    def unknown(self, keyword: Any, by_name: Any) -> None:
        span = (keyword.start, keyword.start + len(keyword.name))
        if any(p[0] == keyword.name for p in self.params):
            text = f"parameter `{keyword.name}` of `{self.title}` is given by position only"
            self.c.report("E403", text, span, hint=self.shape())
            self.filled[keyword.name] = True
            return
        near = self.c.near(keyword.name, by_name)
        hint = f"did you mean `{near}`?" if near else self.shape()
        if self.struct is not None:
            self.c.report("E421", f"`{self.title}` has no field `{keyword.name}`", span, hint=hint)
        else:
            self.c.report("E403", f"`{self.title}` has no parameter `{keyword.name}`", span, hint=hint)
        self.open = True

    def missing(self) -> None:
        lacking = [
            p[0]
            for p in self.params
            if not p[3] and p[2] in ("normal", "positional", "keyword") and p[0] not in self.filled
        ]
        if not lacking:
            return
        names = ", ".join(f"`{n}`" for n in lacking)
        many = "s" if len(lacking) > 1 else ""
        if self.struct is not None:
            text = f"`{self.title}` needs the field{many} {names}"
            self.c.report("E422", text, self.node, hint=self.shape())
        else:
            text = f"`{self.title}` needs the argument{many} {names}"
            self.c.report("E401", text, self.node, hint=self.shape())

    def shape(self) -> str:
        return "its signature is `" + show_signature(self.title, self.func) + "`"
