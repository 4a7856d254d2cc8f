"""Colours for Dana's text, outside Dana: in Pygments (documents, web pages) and in TextMate grammars (editors).

                       ┌─▶ pygments_lexer.DanaLexer           entry point of Pygments
    table.STATES ──────┤
    table.CLASSES      └─▶ textmate.grammar() ─▶ editors/vscode/syntaxes/dana.tmLanguage.json

`table` is the one description: classes of tokens, and states with rules that recognise them, in the few notions that
both engines share. Each of the others is a translation of it and knows no word of Dana.

What needs to know the whole text is deliberately absent. Dana's lexer (`dana.parser.lexer`) decides by the blocks
around a line whether `case` belongs to a `match`; an editor looks at one line at a time, so the rules here go by what
stands in the line. Tests compare all three on every program of the repository.

Nothing in Dana imports this package: Pygments does, and `make docs`, which writes the grammar.
"""
