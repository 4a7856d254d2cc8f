"""What the lexer knows by heart: its patterns, its words and signs, and which tokens mean what for the layout."""

from __future__ import annotations

import re

from dana.parser._tables import SPELLINGS

NESTING_MAX = 200
# A statement of fewer tokens, in fewer blocks, cannot be nested too deeply (see `depth`).
MAYBE_DEEP_TOKENS = 120
MAYBE_DEEP_BLOCKS = 20

# Possessive quantifiers (`*+`) stand behind single characters and classes only: behind a group, CPython before
# 3.11.5 matches them wrongly (gh-106052).
# The letters of a word are written as what they are not: a class that names `\w` or a range beyond ASCII takes
# `re` milliseconds to compile, at every start without a cache. `[^\x00-/:-@\[-^`{-\x7f]` is `[\w\x80-\U0010ffff]`.
TOKEN = re.compile(
    r"""[ \t\f]*+(?:
      ([A-Za-z][A-Za-z0-9_]*+(?![^\x00-!#-&(-\x7f]))                                       # 1 a word
    | (\*\*=?|//=?|>>=?|<<=?|->|==|!=|<=|>=|[-+*/%@&|^]=|[-+*/%@&|^~<>,?]|\.\.\.|\.(?!\d)|\$\$)   # 2 a sign
    | (:=|[()\[\]{}:=;])                                                                    # 3 a sign with context
    | (\n[ \t\f\n]*+)                                                                       # 4 the end of a line
    | ([rRuU]?(?:\"\"\"[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*\"\"\"
               |'''[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*'''
               |"(?!"")[^"\\\n]*+(?:\\.[^"\\\n]*+)*"
               |'(?!'')[^'\\\n]*+(?:\\.[^'\\\n]*+)*'))                                       # 5 a string
    | ((?:0[xX](?:_?[0-9a-fA-F]++)+|0[oO](?:_?[0-7]++)+|0[bB](?:_?[01]++)+
         |(?:[0-9]++(?:_[0-9]++)*(?:\.(?:[0-9]++(?:_[0-9]++)*)?|(?!\.))|\.[0-9]++(?:_[0-9]++)*)
          (?:[eE][-+]?[0-9]++(?:_[0-9]++)*)?
       )(?![^\x00-/:-@\[-^`{-\x7f]))                                                            # 6 a number
    | ([^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*+(?!["']))                               # 7 a rarer word
    | (\#[^\n]*+)                                                                           # 8 a comment
    | ((?:[fF][rR]?|[rR][fF])(?:\"\"\"|'''|"|'))                                            # 9 an f-string begins
    | (\\\n)                                                                                # 10 the line goes on
    | (.)                                                                                   # 11 anything else
    )""",
    re.VERBOSE | re.DOTALL,
)
WORD = re.compile(r"[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*+")
SCOPE_NAME = re.compile(r":([^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*+)(?![\"'])")
DOTTED_NAME = re.compile(r"[ \t]*\.[ \t\f\n]*([^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*)")
EQUALS_FOLLOWS = re.compile(r"[ \t\f\n]*=(?!=)")
FIELD_ENDS = re.compile(r"[ \t\f\n]*(?=[}!:])(?!!=)")
CONVERSION = re.compile(r"!([A-Za-z_]\w*)?[ \t]*")
HEADER_ENDS = re.compile(r"(?:[ \t\f]++|\\\n)*[:{]")
BLANKS = re.compile(r"[ \t\f\n]*+")
BLANK = re.compile(r"(?:[ \t\f\n]++|#[^\n]*+)*")
LAST_OF_LINE = re.compile(r"[^\n]*")

_NAME = r"(?!(?:in|is|and|or|not|if|else|as|for)\b)[^\W\d]\w*"
_NAMED = re.compile(rf"[ \t]+{_NAME}")
DECLARES = {
    "agent": _NAMED,
    "agent_blueprint": _NAMED,
    "resource": _NAMED,
    "workflow": _NAMED,
    "interface": _NAMED,
    "export": _NAMED,
    "use": re.compile(rf"[ \t]+{_NAME}|[ \t]*[rRfFuU]{{0,2}}[\"']"),
    "type": re.compile(rf"[ \t]+{_NAME}[ \t]*(?:=(?!=)|\n)"),
    "test": re.compile(r"[ \t]*[rRfFuU]{0,2}[\"']"),
    "frozen": re.compile(r"[ \t]+struct\b"),
    # `match (x):` looks like a call; `case` below its header decides that.
    "match": re.compile(rf"[ \t]+(?:{_NAME}|not\b|[0-9\"'])"),
}
SOFT = frozenset(DECLARES) | {"case"}
SCOPES = frozenset({"private", "public", "local", "system"})
REFUSED_WORDS = {"class": "CLASS", "async": "ASYNC", "await": "AWAIT", "yield": "YIELD"}
SPELLED_CONSTANTS = {
    "true": "TRUE", "TRUE": "TRUE", "false": "FALSE", "FALSE": "FALSE",
    "none": "NONE", "NONE": "NONE", "null": "NONE", "NULL": "NONE",
}  # fmt: skip
HARD = (
    {s: kind for s, kind in SPELLINGS.items() if s[0].isalpha() and s not in SOFT} | SPELLED_CONSTANTS | REFUSED_WORDS
)
WORDS = HARD | dict.fromkeys(SOFT, "SOFT") | dict.fromkeys(SCOPES, "SCOPE")
SIGNS = {s: kind for s, kind in SPELLINGS.items() if not s[0].isalpha()}
SIGNS |= dict.fromkeys(("==", "!=", "<=", ">=", "<", ">"), "COMPARE")
SIGNS |= {"+": "ADDITIVE", "-": "ADDITIVE", "//": "DIVIDE", "%": "DIVIDE", "<<": "SHIFT", ">>": "SHIFT"}
SIGNS |= dict.fromkeys(("+=", "-=", "*=", "/=", "//=", "%=", "@=", "&=", "|=", "^=", ">>=", "<<=", "**="), "AUGMENT")

# A statement may begin after these.
STARTERS = frozenset({"NEWLINE", "INDENT", "DEDENT", "LBLOCK", "RBLOCK", "SEMICOLON"})
# After these an operand is complete, so that `{` cannot begin a dict or set.
OPERAND_ENDS = frozenset(
    "NAME SCOPED NUMBER STRING FSTRING_END RPAR RSQB RBRACE TRUE FALSE NONE ELLIPSIS DOLLARS QUESTION BAD".split()
)
BARE_HEADERS = frozenset({"ELSE", "TRY", "FINALLY", "EXCEPT"})  # alone they are a whole header
HEADERS = frozenset(
    "IF ELIF ELSE WHILE FOR TRY EXCEPT FINALLY WITH DEF STRUCT MATCH CASE TEST"
    " AGENT AGENT_BLUEPRINT RESOURCE INTERFACE".split()
)
FIELD_BLOCKS = frozenset({"STRUCT", "RESOURCE", "AGENT", "AGENT_BLUEPRINT", "INTERFACE"})
# A line that begins with one of these inside brackets shows that a bracket was forgotten.
NEVER_INSIDE = frozenset(
    "DEF RETURN WHILE IMPORT STRUCT TRY WITH PASS BREAK CONTINUE RAISE ASSERT DEL GLOBAL NONLOCAL ELIF EXCEPT"
    " FINALLY CLASS DELIVER SYNC".split()
)
HEADER_LINE = re.compile(r"(?:if|for|else)\b[^\n#]*:[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
NOTED = frozenset({"DEF", "WORKFLOW", "WITH"})  # statements whose first bracket has a meaning of its own
BRACE = -1
SILENT = "silent"
WITH_ITEMS = "with ("  # the bracket right after `with`, which may hold its items
CLOSER_OF = {"(": ")", WITH_ITEMS: ")", "[": "]", "{": "}", "field": "}"}
