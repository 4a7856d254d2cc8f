"""The texts of `dana --help` and `dana VERB --help`."""

from __future__ import annotations

MAIN = """\
Dana: a language for business logic that must not fall over.

usage: dana                             the prompt: type Dana, see what it does
       dana FILE [key=value ...]        run a program
       dana -e CODE                     run a text and print its value
       dana COMMAND ...                 see below

commands:
  run FILE          run a program (the word `run` may be left out)
  repl              the prompt (also without a terminal: echo '1 + 1' | dana repl)
  check FILE...     report everything that is wrong, without running anything
  test [FILE...]    run tests: test blocks, test programs, examples in pages and docstrings
  fmt [FILE...]     write programs in Dana's one look
  fix [FILE...]     apply the changes that findings offer
  new NAME          make a project: a program, its tests, and what checks them
  doctor            whether everything Dana needs is here, and what to do where it is not
  grant [FOLDER]    show what a project asks for in dana.toml, and grant it
  grants            what you have granted so far
  poet ACTION       what was learnt about functions: list, status, explain, history, rollback, export, import
  ledger ACTION     what a run has recorded: tail, query, runs, explain, verify
  audit verify FILE whether a ledger is as it was written
  meta ACTION       changes that agents propose: list, review, accept, reject, rollback
  replay FILE       repeat a recorded run; say where it departs from the record
  models            which language models are configured; `models check` asks one for a word
  completions SHELL a script that lets bash, zsh or fish complete dana's words
  explain CODE      what a code such as E201 means, with a wrong and a right program
  tokens FILE       what the parser reads          } every step of the compiler,
  tree FILE         the grammar's view of it       } for the curious
  ast FILE          the syntax tree                }
  lower FILE        the Python it becomes          }
  help [COMMAND]    this text, or a command's own

examples:
  dana examples/invoices/main.na invoices=@examples/invoices/invoices.csv
  dana -e '[n * n for n in range(5)]'
  echo 'print("hello")' | dana
  dana check --json . > findings.json

`dana help run` (or `dana run --help`) lists the options for running; -V or --version prints the
version. Colour appears on a terminal only; NO_COLOR=1, --colour and --no-colour decide otherwise.
Exit status: 0 done, 1 the program failed, 2 it was refused, 3 wrong command, 4 a limit stopped it.
"""

RUN = """\
usage: dana [run] FILE [key=value ...] [options]
       dana run [key=value ...] [options]
       dana [run] -e CODE [key=value ...] [options]
       ... | dana [-]

Runs a program. If it defines `def __main__(...)`, that is called with the arguments given as
key=value, converted as its annotations say; key=@path passes the text of a file, key=@@text a value
that begins with @. With -e the value of the last expression is printed. Inside a project, `dana run`
without a file runs what dana.toml names as its `entry`.

options:
  -e, --eval CODE   run CODE instead of a file
  --steps N         stop after N steps (loop turns and calls that may recurse)
  --time S          stop after S seconds (200ms, 2, 1.5m)
  --depth N         stop when calls are nested deeper than N
  --memory SIZE     stop when memory has grown by more than SIZE (256M, 1G)
  --output SIZE     stop when more than SIZE was printed (500K, 10M)
  --no-limits       let calls nest as deeply as Python can (nothing else is limited by default)
  --isolate         run in a worker process that can only compute, under the limits of a sandbox (docs/security.md)
  --store STORE     where what `@poet` functions learn is kept: a .db file, a folder, a URL (without it: .poet, where
                    there is such a folder; DANA_POET_STORE)
  --record FILE     keep in a ledger what `dana replay FILE` needs to repeat the run
  --metrics FILE    at the end, write what decorated functions did as Prometheus text (- is stdout)
  --model SPEC      the language model that `reason` asks, as in openai:gpt-4o-mini; this also allows it
  --no-cache        compile afresh and keep nothing
  --                what follows is not an option

what the program may reach (nothing, unless one of these says so; docs/permissions.md):
  --allow-read[=PATHS] --allow-write[=PATHS]     files, and folders with all below them
  --allow-net[=HOSTS]                            host, host:port, *.host
  --allow-env[=NAMES] --allow-run[=PROGRAMS]     environment variables; programs of the system
  --allow-python[=MODULES] --allow-model[=NAMES] Python modules; language models
  --deny-read --deny-write --deny-net --deny-env --deny-run --deny-python --deny-model
                                                 the same kinds: what is denied stays denied
  -A, --allow-all   everything
  --no-prompt       never ask; otherwise, on a terminal, you are asked when something is needed
Without `=…` a kind is meant as a whole; several values are joined by commas.

examples:
  dana main.na customer="Ann Lee" rate=4.5
  dana --time 2 --steps 1_000_000 untrusted.na
  dana -e '"total: " + sum([1, 2, 3])'
"""

CHECK = """\
usage: dana check [--json] FILE... | FOLDER | - | -e CODE

Reads programs and reports all findings of all of them; nothing is run. A folder stands for every
.na file below it. Exit status 2 when there is an error; warnings alone leave 0.

options:
  --json            a JSON list on stdout, one object per finding: code, severity, message, file,
                    line, column, end_line, end_column, hint, notes, fix

examples:
  dana check main.na lib/
  dana check --json main.na
"""

EXPLAIN = """\
usage: dana explain CODE

What a diagnostic code means, with a program that causes it and one that does not.

example:
  dana explain E201
"""

FMT = """\
usage: dana fmt [options] [FILE... | FOLDER... | -]

Writes programs in Dana's one look (docs/style.md): all .na files below the folders named, by default
the current one; - formats stdin to stdout. A program with syntax errors is reported and left alone,
and so is one whose meaning or comments the result would not keep. Exit status 2 when there is one.

options:
  --check           write nothing; exit status 1 when a file would change
  --diff            write nothing; show what would change
  --style STYLE     indent or braces: convert blocks (without it a file keeps the style of most of its)

examples:
  dana fmt
  dana fmt --check src
  dana fmt --style indent main.na
"""

FIX = """\
usage: dana fix [options] [FILE... | FOLDER... | -]

Applies the changes that findings of `dana check` offer, older spellings of Dana included, until
none is left, and says what it did. Exit status 2 when errors are left that need a person.

options:
  --check           write nothing; exit status 1 when a file would change
  --diff            write nothing; show what would change

examples:
  dana fix main.na
  dana fix --diff .
"""

NEW = """\
usage: dana new NAME [--kind KIND]

Makes a folder NAME with a project that passes its own checks: dana.toml, a program, a test, a page,
and a workflow that runs `dana check`, `dana fmt --check` and `dana test` on every change. A folder
that is there already is left alone.

options:
  --kind KIND       application (a program; this is what you get without the option), library (a module
                    others import), or embedded (rules that a Python program asks)

examples:
  dana new demo
  dana new prices --kind library
"""

DOCTOR = """\
usage: dana doctor

Looks at Dana, Python, the cache, the standard library, DANAPATH, the project around, the terminal and
the packages that some commands use, and says what to do where something is amiss. Nothing is
changed. Exit status 1 when there is something to mend.

example:
  dana doctor
"""

GRANT = """\
usage: dana grant [FOLDER] [--yes]
       dana grant [FOLDER] --revoke

Shows what the project around (or in FOLDER) asks for under [allow] in its dana.toml and, when you say
yes, records that you grant it. From then on its programs may do that without flags, until dana.toml
asks for something else or the grant is revoked. What [deny] says there always holds.

options:
  --yes             grant without asking
  --revoke          take the grant back

examples:
  dana grant
  dana grant demo --yes
"""

GRANTS = """\
usage: dana grants

Lists what you have granted: project, when, with which version of Dana, and what.

example:
  dana grants
"""

POET = """\
usage: dana poet list [options]
       dana poet status [FUNCTION...] [options]
       dana poet explain FUNCTION | FILE.na::FUNCTION [options]
       dana poet history FUNCTION [options]
       dana poet rollback FUNCTION [VERSION] [options]
       dana poet export FILE [FUNCTION...] [options]
       dana poet import FILE [options]
       dana poet reset FUNCTION... [options]
       dana poet migrate FROM TO [--yes]
       dana poet plugins [check FILE] [--json]
       dana poet plugins generate FILE.na::FUNCTION --domain NAME

What a store knows about decorated functions: their parameters with all versions, how their calls went,
what was said about them. A package (export, import) carries parameters to another place; with a key it
is signed. What is imported is checked against the bounds of a function when a program with it starts.
To find what it defines, `explain FILE.na::FUNCTION` and `plugins check FILE` run FILE, without any right to
read, write or connect; what it prints while it is explained is not shown.

options:
  --store WHERE     a .db file, a folder of JSON files, or a URL such as postgresql://host/database
                    (without it: .poet/parameters.db)
  --domain DOMAIN   only this domain
  --limit N         history: at most N versions
  --only NAMES      import: these parameters and no others
  --key FILE        export: sign with the key in FILE; import: refuse what was not signed with it
  --yes             reset, migrate: without asking
  --json            list, status, history: JSON on stdout

examples:
  dana poet status prices.quote
  dana poet export prices.json prices.quote --key team.key
  dana poet migrate json:.poet sqlite:///.poet/parameters.db
  dana poet plugins check .poet/plugins/wine.na
"""

LEDGER = """\
usage: dana ledger tail FILE [options]
       dana ledger query FILE [options]
       dana ledger runs FILE [--json]
       dana ledger explain FILE [TURN | TRACE] [options]
       dana ledger verify FILE [--anchor TIP] [--json]

What runs have recorded in a ledger: its last events (tail: 20), its events from the first on (query),
its runs; what happened and why it failed (explain: the last turn, or the turn or act named); whether all is
as it was written (verify). Nothing is changed. docs/audit.md has the whole story.

options:
  --event PATTERN   only events of this kind, as in poet.*
  --subject PATTERN only events about this
  --run RUN         only events of this run
  --trace TRACE     only events of this act: turns, tools, models, functions and networks together
  --limit N         at most N events
  --detail LEVEL    explain: summary (a line), key (what matters), diagnostic (what failed), full
  --anchor TIP      verify: a tip that was printed earlier
  --json            one JSON object a line; runs, explain, verify: one list or object

examples:
  dana ledger tail run.db
  dana ledger query run.db --event 'poet.call.*' --json
  dana ledger explain run.db --detail diagnostic
"""

META = """\
usage: dana meta list [--json]
       dana meta review [PROPOSAL] [--json]
       dana meta accept PROPOSAL [--reason TEXT] [--ledger FILE] [--json]
       dana meta reject PROPOSAL --reason TEXT [--ledger FILE] [--json]
       dana meta rollback TYPE --reason TEXT [--ledger FILE] [--json]

Agents that are watched (docs/meta.md) propose other wordings of their prompts and tools, each on a branch
of the git repository around: dana/behaviours/TYPE/NUMBER. Here a person looks at them and decides. Accepting
merges the branch, taking back undoes what was accepted last; both refuse where files are not committed.
PROPOSAL is TYPE/NUMBER, or TYPE where only one waits. The outcome goes into the ledger the evidence names.

options:
  --reason TEXT     why; it is kept with the decision
  --ledger FILE     another ledger for the outcome
  --json            JSON on stdout

examples:
  dana meta list
  dana meta review Triage/1
  dana meta accept Triage/1 --reason "fewer wrong tools"
  dana meta rollback Triage --reason "refunds were sent twice"
"""

REPLAY = """\
usage: dana replay FILE [--run NAME] [--json]

Repeats a run that `dana run --record FILE` recorded, and compares it with the record, event by event. Nothing is
touched: files, network, host and models are answered from the record, the clock gives its readings, nobody waits.
Exit status 0 when everything happened again as it was recorded, 1 when it did not.

options:
  --run NAME        which run (without it the latest; `dana ledger runs FILE` lists them)
  --json            one object on stdout: run, program, events, departure (event, field, recorded, replayed, note)

examples:
  dana run --record runs.db main.na customer=Ann
  dana replay runs.db
"""

MODELS = """\
usage: dana models [list] [--json]
       dana models check [SPEC] [--json]

Shows which language model `reason` asks, which endpoints there are and whether their keys are set; keys are never
shown. With `check` a model is asked for a word: the one named, or the one that is configured (docs/models.md).

options:
  --json            the same as one JSON object on stdout
  --allow-…, -A     what a project's dana.toml may say about addresses (net) and keys (env)

examples:
  dana models
  dana models check
  dana models check ollama:llama3.2
  dana models check http://127.0.0.1:8000/v1#qwen3
"""

AUDIT = """\
usage: dana audit verify FILE [--anchor TIP] [--json]

Whether every event of a ledger follows from the one before, as it was written, and none is missing.
A tip that was noted earlier (--anchor) also shows whether the end was cut off. Exit status 1 when
something is not as it was written.

options:
  --anchor TIP      a tip that was printed earlier
  --json            a JSON object on stdout: ok, count, tip, problem, row

examples:
  dana audit verify run.db
  dana audit verify run.db --anchor 812:5d1c…
"""

COMPLETIONS = """\
usage: dana completions bash|zsh|fish

Prints a script that completes commands, options and files when you press Tab.

examples:
  eval "$(dana completions bash)"       in ~/.bashrc
  eval "$(dana completions zsh)"        in ~/.zshrc, after compinit
  dana completions fish > ~/.config/fish/completions/dana.fish
"""

SEAMS = {
    "tokens": "Prints one token per line: position, kind, text.",
    "tree": "Prints the program as the productions of grammar/dana.lark, those left out that only pass a value on.",
    "ast": "Prints the syntax tree the later steps work on.",
    "lower": "Prints the Python that the program becomes. Names that begin with a dot belong to Dana's runtime.",
}

SEAM = """\
usage: dana {verb} FILE | - | -e CODE

{what}

example:
  dana {verb} -e 'x = 1 | str'
"""

TEST = """\
usage: dana test [options] [FILE... | FOLDER...]

Runs every `test "name":` block, every program called test_*.na or *_test.na, and every ```dana block
in Markdown files and docstrings below the folders named (default: the current one). Each runs in a
program of its own, with a clock that stands still and chance that repeats itself. Exit status 1 when
a test fails.

options:
  -k EXPR              only tests whose file and name have these words: 'total and not tax'
  --watch              run again whenever a file changes; Enter runs again, q or the end of input ends
  --update-snapshots   what `snapshot` sees now is how it should be
  --seed N             other random numbers (default 0)
  --cover              show which lines ran
  --slowest N          show the N slowest tests
  -j, --jobs N         run files in N processes (default: one, or one per processor for 8 files and more)
  --junit FILE         write the results as JUnit XML
  --no-cache           compile afresh and keep nothing
  --allow-…, --deny-…, -A   what tests may reach, as for `dana run`

examples:
  dana test
  dana test billing.na -k discount
  dana test --cover --junit results.xml src docs
"""

REPL = """\
usage: dana
       dana repl [options]
       ... | dana repl

Reads entries and shows their values. On a terminal with an editor: Tab completes, Ctrl-R searches the
history, Ctrl-C stops what runs, Ctrl-D leaves; `:help` there lists the rest. In a pipe values are
printed and nothing else; the exit status is 1 when an entry failed. docs/repl.md has the whole story.

options:
  --steps N         stop an entry after N steps (loop turns and calls that may recurse)
  --time S          stop an entry after S seconds (200ms, 2, 1.5m)
  --depth N         stop when calls are nested deeper than N
  --memory SIZE     stop when memory has grown by more than SIZE (256M, 1G)
  --output SIZE     stop when more than SIZE was printed (500K, 10M)
  --no-limits       let calls nest as deeply as Python can (nothing else is limited by default)
  --no-cache        compile imported modules afresh and keep nothing
  --allow-…, --deny-…, -A   what entries may reach, as for `dana run`; `:grants` changes it
"""

TEXTS = {
    "run": RUN,
    "repl": REPL,
    "check": CHECK,
    "explain": EXPLAIN,
    "fmt": FMT,
    "fix": FIX,
    "test": TEST,
    "new": NEW,
    "doctor": DOCTOR,
    "grant": GRANT,
    "grants": GRANTS,
    "poet": POET,
    "ledger": LEDGER,
    "audit": AUDIT,
    "meta": META,
    "replay": REPLAY,
    "models": MODELS,
    "completions": COMPLETIONS,
}


def text(verb: str) -> str:
    """The help of a command; the general one for any other word."""
    if verb in SEAMS:
        return SEAM.format(verb=verb, what=SEAMS[verb])
    return TEXTS.get(verb, MAIN)


def about(verb: str) -> str:
    """The line of the general help about a command."""
    for line in MAIN.splitlines():
        words = line.split()
        if line.startswith("  ") and words[0] == verb and len(line) > 20:
            return line[20:].split("  ")[0].strip()
    return "print the version"
