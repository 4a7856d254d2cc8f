"""`dana completions SHELL`: a script for the user's shell, written from the tables of verbs and options.

    eval "$(dana completions bash)"                                in ~/.bashrc
    eval "$(dana completions zsh)"                                 in ~/.zshrc, after compinit
    dana completions fish > ~/.config/fish/completions/dana.fish

The script holds everything it offers, so pressing Tab starts no Dana.
"""

from __future__ import annotations

import sys

from dana.cli.options import DETAIL, KIND, PATTERNS, STYLE, TABLE, UsageProblem
from dana.cli.terminal import OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.cli.options import Options
    from dana.cli.terminal import Terminal

# What a verb's words are, where they are not Dana's files.
WORDS = {
    "completions": "bash zsh fish", "new": "", "doctor": "", "version": "", "repl": "", "grants": "",
    "poet": "list status explain history rollback export import reset migrate plugins",
    "ledger": "tail query runs explain verify", "audit": "verify", "models": "list check",
    "meta": "list review accept reject rollback",
}  # fmt: skip
# What an option's value is, where it is one of a few words.
VALUES: dict[object, str] = {
    STYLE: "indent braces", KIND: "application library embedded", DETAIL: "summary key diagnostic full",
}  # fmt: skip


def completions(options: Options, _terminal: Terminal) -> int:
    """Print the script for the shell named."""
    if len(options.words) != 1 or options.words[0] not in SHELLS:
        raise UsageProblem("E905", "`dana completions` takes one shell", f"one of {', '.join(SHELLS)}")
    sys.stdout.write(SHELLS[options.words[0]](verbs()))
    return OK


def verbs() -> dict[str, str]:
    """Every verb with a line about it, from the general help."""
    from dana.cli import VERBS
    from dana.cli.help import about

    return {verb: about(verb) for verb in VERBS}


def spellings(verb: str) -> list[str]:
    """The options of a verb, the older spellings left out."""
    return [spelling for spelling, row in TABLE.items() if verb in row[3] and "color" not in spelling]


def _words_of(verb: str) -> str | None:
    """The words a verb takes, or None when it takes files."""
    if verb == "help":
        return " ".join(verbs())
    if verb == "explain":
        from dana.catalogue import catalogue

        return " ".join(sorted(catalogue()))
    return WORDS.get(verb)


def _by_value() -> tuple[dict[str, str], list[str]]:
    """The options whose value is one of a few words, and the others that take one."""
    few: dict[str, str] = {}
    free: list[str] = []
    for spelling, (_key, kind, _switch, _verbs) in TABLE.items():
        if kind is not None and kind in VALUES:
            few[spelling] = VALUES[kind]
        elif kind is not None and kind is not PATTERNS and "color" not in spelling:
            free.append(spelling)
    return few, free


# --- bash, and zsh where it differs ----------------------------------------------------------------------------------

BASH = """\
# Completion for dana: eval "$(dana completions bash)"
_dana() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} verb=run known="" at
    COMPREPLY=()
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${{COMP_WORDS[at]}} in
            {verbs_or}) verb=${{COMP_WORDS[at]}} known=yes; break ;;
        esac
    done
    case $previous in
{values}
        {free}) COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    if [[ $word == -* ]]; then
        case $verb in
{options}
        esac
        return
    fi
    case $verb in
{words}
        *)
            local IFS=$'\\n'
            COMPREPLY=($(compgen -d -- "$word") $(compgen -f -X '!*.na' -- "$word"))
            compopt -o filenames 2>/dev/null  # a folder gets its slash
            ;;
    esac
    if [[ -z $known ]]; then
        local IFS=$' \\n'
        COMPREPLY+=($(compgen -W "{verbs}" -- "$word"))
    fi
}}
complete -F _dana dana
"""


def _bash(found: dict[str, str]) -> str:
    few, free = _by_value()
    return BASH.format(
        verbs=" ".join(found),
        verbs_or="|".join(found),
        values="\n".join(
            f'        {spelling}) COMPREPLY=($(compgen -W "{words}" -- "$word")); return ;;'
            for spelling, words in few.items()
        ),
        free="|".join(free),
        options="\n".join(
            f'            {verb}) COMPREPLY=($(compgen -W "{" ".join(spellings(verb))}" -- "$word")) ;;'
            for verb in found
        ),
        words="\n".join(
            f'        {verb}) COMPREPLY=($(compgen -W "{words}" -- "$word")) ;;'
            for verb in found
            if (words := _words_of(verb)) is not None
        ),
    )


ZSH = """\
#compdef dana
# Completion for dana: eval "$(dana completions zsh)" after compinit, or save as _dana in a folder of $fpath
_dana() {{
    local verb=run word known=
    for word in ${{words[2,CURRENT-1]}}; do
        case $word in
            {verbs_or}) verb=$word; known=yes; break ;;
        esac
    done
    case ${{words[CURRENT-1]}} in
{values}
        {free}) _files; return ;;
    esac
    if [[ ${{words[CURRENT]}} == -* ]]; then
        case $verb in
{options}
        esac
        return
    fi
    if [[ -z $known ]]; then
        local -a verbs=(
{described}
        )
        _describe command verbs
    fi
    case $verb in
{words}
        *) _files -g '*.na(-.)' ;;
    esac
}}
if [[ $funcstack[1] == _dana ]]; then _dana "$@"; else compdef _dana dana; fi
"""


def _zsh(found: dict[str, str]) -> str:
    few, free = _by_value()
    return ZSH.format(
        verbs_or="|".join(found),
        values="\n".join(f"        {spelling}) compadd -- {words}; return ;;" for spelling, words in few.items()),
        free="|".join(free),
        options="\n".join(f"            {verb}) compadd -- {' '.join(spellings(verb))} ;;" for verb in found),
        described="\n".join(f"            {_quoted(f'{verb}:{text}')}" for verb, text in found.items()),
        words="\n".join(
            f"        {verb}) {f'compadd -- {words}' if words else ':'} ;;"
            for verb in found
            if (words := _words_of(verb)) is not None
        ),
    )


# --- fish ------------------------------------------------------------------------------------------------------------


def _fish(found: dict[str, str]) -> str:
    lines = [
        "# Completion for dana: dana completions fish > ~/.config/fish/completions/dana.fish",
        "complete -c dana -f",
    ]
    names = " ".join(found)
    few, _free = _by_value()
    none = f"not __fish_seen_subcommand_from {names}"
    lines += [f'complete -c dana -n "{none}" -a {verb} -d {_quoted(text)}' for verb, text in found.items()]
    lines.append(f'complete -c dana -n "{none}" -a "(__fish_complete_suffix .na)"')
    for verb in found:
        seen = f'"__fish_seen_subcommand_from {verb}"'
        words = _words_of(verb)
        if words is None:
            lines.append(f'complete -c dana -n {seen} -a "(__fish_complete_suffix .na)"')
        elif words:
            lines.append(f'complete -c dana -n {seen} -a "{words}"')
        where = f'"{none}; or __fish_seen_subcommand_from run"' if verb == "run" else seen
        for spelling in spellings(verb):
            kind = "-s" if len(spelling) == 2 else "-l"
            takes = f' -x -a "{few[spelling]}"' if spelling in few else " -r" if TABLE[spelling][1] else ""
            lines.append(f"complete -c dana -n {where} {kind} {spelling.lstrip('-')}{takes}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "").replace("\\", "") + "'"


SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
