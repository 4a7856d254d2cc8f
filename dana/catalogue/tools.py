"""Codes of the tools family: the command line and our own faults."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E901": Entry(
        "unknown option",
        "The command line has an option that Dana does not know, or that belongs to another command. Nothing is\n"
        "guessed from it: a misspelt `--stpes 100` that was ignored would run a program without its limit.\n\n"
        "    dana --stpes 100 main.na      wrong\n"
        "    dana --steps 100 main.na      right",
    ),
    "E902": Entry(
        "file cannot be read",
        "A file named on the command line is missing, is a folder, or may not be read. A `key=@path` argument\n"
        "names a file as well; `key=@@text` passes a text that begins with `@`.",
    ),
    "E903": Entry(
        "file is not UTF-8 text",
        "Programs, and texts passed with `key=@path`, are UTF-8. The message names the first byte that is not.\n"
        "Save the file as UTF-8; a byte order mark at its beginning is fine.",
    ),
    "E904": Entry(
        "an option's value is missing or of the wrong kind",
        "`--steps` and `--depth` take a whole number above 0, `--time` takes seconds (`2`, `0.5`, `200ms`, `3m`),\n"
        "`-e` takes a program. Switches such as `--no-cache` take no value.",
    ),
    "E905": Entry(
        "a word of the command line has no meaning here",
        "After the file come the program's arguments, each by name: `dana main.na rate=4.5`. A text with spaces\n"
        'needs quotes for the shell: `name="Ann Lee"`. Every argument is given once.',
    ),
    "E906": Entry(
        "unknown code",
        "`dana explain` knows every code that Dana prints: a letter (`E` for errors, `W` for warnings) and three\n"
        "digits. docs/errors lists them all.",
    ),
    "E907": Entry(
        "there is nothing to test",
        "`dana test` found no test below the folders it was given, or `-k` left none over. A test is a block\n"
        '`test "name":` in a `.na` file, a program called `test_*.na` or `*_test.na`, or a fenced `dana` block in a\n'
        "Markdown file or docstring.",
    ),
    "E908": Entry(
        "file cannot be written",
        "Output goes to a full disk or a closed place. Or: `dana fmt` and `dana fix` replace a file by a new one in\n"
        "the same folder, in one step; the message says what keeps them from it, and the file is as it was.",
    ),
    "E911": Entry(
        "unknown command at the prompt",
        "Lines that begin with a colon are for the prompt itself: `:help` lists them. Everything else is Dana.",
    ),
    "E912": Entry(
        "nothing is known about this name",
        "`?name` and `??name` know the names of the session, built-in ones, words of the language and codes such as\n"
        "`E201`. A dotted name is followed through modules, structs and their fields; nothing is run for it.",
    ),
    "E913": Entry(
        "natural language needs a language model",
        "`/nlp` turns sentences into Dana with the model that `reason` uses. None is configured, or it cannot be used,\n"
        "or it wrote no program. `dana --model …` and `DANA_MODEL` say which one is asked. What was written is always\n"
        "shown first and runs only with your Enter, so nothing is lost by writing it in Dana.",
    ),
    "E914": Entry(
        "a project cannot be made",
        "`dana new NAME` makes the folder NAME, whole or not at all. There must be nothing of that name yet, and the\n"
        "name is one that a module can have: letters and digits, words joined by `-` or `_`, a letter first, no word\n"
        "of the language and no module of the standard library.",
    ),
    "E915": Entry(
        "dana.toml is wrong",
        "A project's `dana.toml` has a `name`, a `version` and, for `dana run`, an `entry`, all of them texts. Other\n"
        "keys are refused, because nothing would read them.\n\n"
        '    name = "demo"\n'
        '    version = "0.1.0"\n'
        '    entry = "main.na"',
    ),
    "E920": Entry(
        "a ledger cannot be read",
        "`dana ledger` and `dana audit` read the SQLite files that runs keep their events in. The file named is\n"
        "something else, is damaged, or was written by a newer Dana. Nothing was changed.",
    ),
    "E921": Entry(
        "a ledger is not as it was written",
        "Every event carries a hash over itself and the one before, so an event that was changed, removed or put in\n"
        "later shows. Up to the place named all is as it was written. That the end was cut off shows by a tip that\n"
        "was noted earlier: in the file beside (`run.db.tip`), or with `--anchor`. docs/audit.md says what to do.",
    ),
    "E922": Entry(
        "a store of learnings cannot be used",
        "`dana poet` reads and writes where programs keep what was learnt about functions: `.poet/parameters.db`, or\n"
        "what `--store` names. The message says what stands in the way; nothing that was stored is lost. A JSON file\n"
        "that is damaged is moved aside, never overwritten.",
    ),
    "E923": Entry(
        "nothing is known about this function",
        "`dana poet` knows functions by module and name (`prices.quote`), and a function may be known in several\n"
        "domains: `--domain` chooses. `dana poet list` shows all.",
    ),
    "E924": Entry(
        "a package of parameters cannot be used",
        "`dana poet import` takes exactly what `dana poet export` writes: a file with a checksum and, where both\n"
        "sides share a key (`--key`), a signature. A file that was damaged, changed by hand, signed with another key,\n"
        "or made by a newer Dana is refused whole.",
    ),
    "E990": Entry(
        "a fault of Dana itself",
        "Dana did something it should not have done; the program may be right. Please report it with the program\n"
        "and the text of the message. Running with `--no-cache` rules out a damaged cache.",
    ),
}
