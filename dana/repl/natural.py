"""`/nlp`: a sentence becomes Dana, through the model that `reason` asks. What was written is shown, never run unseen.

    /nlp the three largest of xs        once
    /nlp on                             from now on: what is no Dana and reads like words is a sentence
    :yes                                run it; in the editor it stands at the next prompt, and Enter runs it

A model is asked through the session, so grants, limits and costs are those of an entry. It is told the language in
short, the names of the session with their types (no values), and the sentence.
"""

from __future__ import annotations

import re

from dana.errors import DanaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker import Interface, ModuleRequest
    from dana.repl.shell import Shell

# How often a model may mend Dana that is wrong.
TRIES = 3
MOST_NAMES = 60
LONGEST_SENTENCE = 4_000
_FENCE = re.compile(r"```[\w-]*\n(.*?)```", re.DOTALL)
_WORDS = re.compile(r"[^\W\d_]{2,}(?:'[a-z]+)?(?:[ ,]+\S+){2,}")

LANGUAGE = """\
You translate one sentence into a short program in Dana, a language much like Python. Answer with the program alone: no
prose, no fences. Its last line is the expression whose value answers the sentence, if it asks for one.
Like Python: def, if/elif/else, for, while, lists, dicts, tuples, sets, comprehensions, f-strings, lambda, try/except,
slices, sorted, sum, len, min, max, range, enumerate, zip, str, int, float, round, isinstance, print.
Different: no classes, no async, no with open; true, false, null. `struct Point:` with fields `x: float` defines a type,
made with Point(x=1.0). `data | f | g` calls g(f(data)). `@poet(retries=3)` above a function makes it reliable.
`answer: T = reason("question", context=data)` asks a language model for a value of type T.
Modules: from math/stats/text/json/time/files/http/random import name. Use only names that exist or that you define."""


def obey(shell: Shell, rest: str) -> None:
    """`/nlp`, `/nlp on`, `/nlp off`, `/nlp SENTENCE`."""
    if rest in ("", "on", "off"):
        if rest:
            if rest == "on" and not _has_model(shell):
                return
            shell.natural = rest == "on"
        state = "on: what is no Dana is read as a sentence" if shell.natural else "off: /nlp on, or /nlp and a sentence"
        shell.screen.line(f"natural language is {state}")
        return
    if _has_model(shell):
        translate(shell, rest)


def yes(shell: Shell, _rest: str) -> None:
    """`:yes`: run what was written last."""
    if not shell.written:
        shell.complain("E905", ":yes runs what /nlp wrote, and nothing is waiting", "as in: /nlp the sum of 1 to 10")
        return
    text, shell.written = shell.written, ""
    shell.run(text)


def _has_model(shell: Shell) -> bool:
    from dana.models.errors import ModelMissing
    from dana.runtime.natives.reason import reasoning_of

    if reasoning_of(shell.session.program).chosen is not None:
        return True  # what may be wrong with it, a grant for example, is said when it is asked
    try:
        shell.engine.models.get(None)
    except ModelMissing:
        shell.complain(
            "E913",
            "natural language needs a language model, and none is configured",
            "start with `dana --model …`, set DANA_MODEL, or say `set_model(…)`; `?reason` tells more",
        )
        return False
    except Exception as error:  # noqa: BLE001  a model that is configured wrongly says so when it is asked
        shell.complain("E913", f"the language model cannot be used: {error}")
        return False
    return True


def is_sentence(text: str) -> bool:
    """Whether an entry is no Dana and reads like words."""
    line = text.strip()
    if "\n" in line or not _WORDS.match(line):
        return False
    from dana.parser import parse
    from dana.source import Source

    return any(d.is_error for d in parse(Source("<sentence>", line)).diagnostics)


def translate(shell: Shell, sentence: str) -> None:
    """Ask for the Dana of a sentence, look at it, and show it; what runs is up to the person."""
    sentence = sentence.strip()[:LONGEST_SENTENCE]
    prompt = f"{LANGUAGE}\n\nNames of the session:\n{_names(shell)}\n\nThe sentence:\n{sentence}"
    program, wrong = "", ""
    for _ in range(TRIES):
        more = f"\n\nThis was wrong:\n{program}\n{wrong}\nMend it." if wrong else ""
        said = _asked(shell, prompt + more, sentence)
        if said is None:
            return
        program = stripped(said)
        wrong = _findings(shell, program)
        if program and not wrong:
            break
    if not program:
        shell.complain("E913", "the model wrote no program", "say it in other words, or in Dana")
        return
    shell.written = program
    if wrong:
        shell.screen.line(wrong)
        shell.screen.line("the model's Dana is wrong in this way; mend it before it is run")
    if not shell.edits or wrong:
        shell.screen.line("\n".join(f"    {line}" for line in program.splitlines()))
    if not shell.edits and not wrong:
        shell.screen.line(":yes runs it")


def stripped(said: str) -> str:
    """The program in an answer: without fences and blank lines around it."""
    found = _FENCE.search(said)
    return (found[1] if found else said).strip("\n").rstrip()


def _names(shell: Shell) -> str:
    rows = []
    for name in shell.session.names()[-MOST_NAMES:]:
        value = shell.session.value(name)
        told = (callable(value) and shell.about.signature(name, value)) or shell.about.type_of(value)
        rows.append(f"{name}: {told}" if not callable(value) else str(told))
    return "\n".join(rows) or "none"


def _asked(shell: Shell, prompt: str, sentence: str) -> str | None:
    """The model's answer; None when there was none, which has been reported."""
    saved, entries = shell.session.mark(), len(shell.session.entries)
    shell.session.bind("sentence", prompt)
    try:
        said = shell.session.enter("reason(sentence, type=str, temperature=0.0)", name="<nlp>")
    except DanaError as error:
        shell.report(error)
        shell.offer(error, f"/nlp {sentence}")
        return None
    finally:
        shell.session.back(saved)
        del shell.session.entries[entries:]
    return str(said)


def _findings(shell: Shell, program: str) -> str:
    """What is wrong with a program, as the compiler says it; empty when it can be run."""
    from dana.checker import check
    from dana.checker.types import ANY
    from dana.diagnostics import render_all
    from dana.parser import parse
    from dana.source import Source

    parsed = parse(Source("<nlp>", program + "\n"))
    found = [d for d in parsed.diagnostics if d.is_error]
    if not found:
        known = dict.fromkeys(shell.session.names(), ANY)
        found = [d for d in check(parsed, modules=_anything, known=known).diagnostics if d.is_error]
    return render_all(found, colour=False) if found else ""


def _anything(request: ModuleRequest) -> Interface:
    """Modules are found when the program runs."""
    from dana.checker import Interface

    return Interface(request.text, open_=True)
