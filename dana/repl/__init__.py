"""The prompt: `dana` on a terminal, `dana repl` anywhere.

    text ──completeness──▶ an entry ──Shell──▶ engine.Session ──▶ value ──show──▶ text
             (asks for more)   │ `:command`, `?name`

`completeness` decides with the real lexer and parser whether Enter submits or goes on. `shell` is the
conversation without a terminal: what an entry does, `_`, `Out`, what is printed. `commands` are the words
that begin with a colon; `about` answers `?name` and `:type`; `show` and `table` make text of values that fits
the screen; `completing` and `painting` serve the editor. Two fronts feed the shell: `editor`, on
prompt_toolkit, which is only loaded there, and `lines`, which needs nothing but stdin and serves pipes, dumb
terminals and installations without prompt_toolkit.

Deliberately absent: any meaning of Dana. What a program means is decided below, in the engine.
"""
