"""Plugins that a language model writes (P2, P20): an offer, never more.

    generate    ask → check → run in a worker without grants → its own tests there → an `Offer`, or what is still wrong
    verify      the same for a text that is there already

The text of an offer is loaded by nobody: it becomes a plugin when a person puts the file into `.poet/plugins`. What is
wrong with a text is told to the model, which may try again `TRIES` times.
"""

from __future__ import annotations

import os
import re
import tempfile

from dana.poet.plugins.base import PluginError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

TRIES = 3
LONGEST_S = 10.0
MOST_STEPS = 5_000_000
MOST_BYTES = 256_000_000
LONGEST_TEXT = 60_000
_TEST = re.compile(r"^def (test_\w+)\(\)", re.MULTILINE)

PROMPT = """\
Write a plugin of Dana for the function below, and tests for it. A plugin is a Dana module (Python-like; no classes, no
files, no network, no imports but `from poet import Estimate`) with at least one of these names:
- readers = {{"word": function}}: reads each argument whose parameter has this word in its name; the function takes the
  argument and returns the clean value, or Estimate(value, "how") of it
- def perceive(arguments: dict) -> dict: returns the arguments it changes, by name
- def enforce(result: any, arguments: dict) -> any: returns the result, mended if need be
and optionally words = ["…"], hints = {{"retries": 2}}, settings = {{"name": default}}.
What cannot be accepted is refused with `raise ValueError("why")`. Never guess a value that was not given.
The tests are functions `def test_…():` without parameters that use `assert`; they stand below the plugin in one file
and call its functions directly; test messy, missing and impossible values. Both are told to be in "{name}.na".{wanted}
Answer with {{"plugin": "…", "tests": "…"}}, two texts of Dana code."""


class Offer:
    """A plugin somebody may take: `name`, the texts `plugin` and `tests`, what is wrong (`problems`), `tries` made."""

    __slots__ = ("name", "plugin", "problems", "tests", "tokens", "tries")

    def __init__(self, name: str, plugin: str, tests: str, problems: list[str], tries: int, tokens: int = 0) -> None:
        self.name = name
        self.plugin = plugin
        self.tests = tests
        self.problems = problems
        self.tries = tries
        self.tokens = tokens

    @property
    def is_good(self) -> bool:
        """Whether it was checked, ran, and passed its tests."""
        return not self.problems

    def diff(self, before: str, path: str) -> str:
        """What would change in a file that holds `before`."""
        from difflib import unified_diff

        lines = unified_diff(
            before.splitlines(keepends=True),
            self.plugin.splitlines(keepends=True),
            path if before else "/dev/null",
            path,
        )
        return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


async def generate(
    model: Any,
    function: str,
    name: str,
    *,
    wanted: str = "",
    verified: Callable[[str, str, str], list[str]] | None = None,
) -> Offer:
    """Have a plugin written for a function, given as text. `wanted`: what it should know, in words.

    Raises `ReasonError` when the model gives no answer. The offer may still have `problems`.
    """
    from dana.ipv import IPVReason

    reason = IPVReason(model)
    check = verified or verify
    more = f"\nIt should know: {wanted}" if wanted else ""
    prompt = PROMPT.format(name=name, wanted=more)
    context: dict[str, str] = {"function": function}
    tokens = 0
    offer = Offer(name, "", "", ["nothing was written"], 0)
    for number in range(1, TRIES + 1):
        found = await reason.orchestrator.execute(prompt, context, dict[str, str])
        tokens += found.answer.tokens if found.answer is not None else 0
        plugin, tests = (str(found.value.get(part, "")).strip("\n") + "\n" for part in ("plugin", "tests"))
        problems = check(name, plugin, tests)
        offer = Offer(name, plugin, tests, problems, number, tokens)
        if not problems:
            break
        context = {
            "function": function, "plugin": plugin, "tests": tests, "what is wrong with them": "\n".join(problems[:10]),
        }  # fmt: skip
    return offer


def verify(name: str, plugin: str, tests: str) -> list[str]:
    """What is wrong with a plugin and its tests, in words; empty for one that may be offered.

    It is checked, read as a plugin, and its tests run: in a worker process, without any grant, under limits.
    """
    if len(plugin) + len(tests) > LONGEST_TEXT:
        return [f"more than {LONGEST_TEXT} characters"]
    names = _TEST.findall(tests)
    if not plugin.strip():
        return ["there is no plugin"]
    if not names:
        return ["there are no tests: functions `def test_…():` without parameters"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"{name}.na")
        with open(path, "w", encoding="utf-8") as file:
            file.write(plugin)
        problems = _unfit(path, name)
    return problems or _failing(name, plugin, tests, names)


def _unfit(path: str, name: str) -> list[str]:
    """What the checker says, and whether it is a plugin."""
    from dana.engine import Engine

    engine = Engine(cache=False)
    found = [each for each in engine.check(path) if each.code[0] == "E"]
    return [
        f"{name}.na:{each.line}: {each.code} {each.message}" + (f" ({each.hint})" if each.hint else "")
        for each in found
    ]


def _failing(name: str, plugin: str, tests: str, names: list[str]) -> list[str]:
    """Which of its tests fail, and whether it has what a plugin needs."""
    from dana.engine import Engine, Limits
    from dana.errors import DanaError

    program = plugin + "\n\n" + tests + "\n\n"
    limits = Limits(steps=MOST_STEPS, wall_s=LONGEST_S, memory_bytes=MOST_BYTES)
    with Engine(isolate="process", limits=limits, cache=False, on_print=lambda _text: None) as engine:
        problems = []
        for test in names:
            try:
                engine.run(f"{program}{test}()\n")
            except DanaError as fault:
                first = str(fault).splitlines()[0]
                problems.append(f"{test}: {first}")
        if problems:
            return problems
    if not re.search(r"^(readers\b.*=|def perceive\(|def enforce\()", plugin, re.MULTILINE):
        return [f"{name}.na has none of readers, perceive and enforce"]
    return []


def source_of(text: str, function: str) -> str:
    """The function of that name in a module's text, with what stands above it. Raises `PluginError`."""
    lines = text.splitlines()
    head = re.compile(rf"\s*def {re.escape(function)}\(")
    start = next((number for number, line in enumerate(lines) if head.match(line)), None)
    if start is None:
        msg = f"there is no function `{function}`"
        raise PluginError(msg, "as in: main.na::decide")
    depth = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or _depth(lines[end]) > depth or lines[end].lstrip()[:1] == ")"):
        end += 1
    while start > 0 and lines[start - 1].lstrip()[:1] in ("@", "#"):
        start -= 1
    return "\n".join(lines[start:end]).rstrip() + "\n"


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
