"""`dana test`: finds what can be run as a test, runs each case alone, and says what went wrong.

    paths ──discovery──▶ files ──plan──▶ cases ──run──▶ outcomes ──report──▶ terminal, JUnit
           by name and text   compiled once     a program of its own each     parent process

What is a case:

    test "name":                 in any `.na` file, at the module's own level
    a whole program              `test_*.na`, `*_test.na`, or any file named on the command line without tests
    ```dana                      a fenced block in a Markdown file, or in a docstring

Isolation is by construction: a file is compiled once, and every case runs it afresh in a program of its
own — its own module variables, scopes, imports, clock, randomness, printed text. Nothing is shared, so nothing
needs to be put back, and cases can run in any order and in any process. Files are the unit of work for
processes, because a file's snapshots have one writer.

`discovery` reads texts only, `session` compiles and runs, `probe` is what a running test can reach
(snapshots, clean-up, skipping), `workers` spreads files over processes, `report` and `junit` are the only ones
that print. A failed assertion's differences are computed by the standard library's own `testing` module, loaded
when there is something to compare. Deliberately absent: hooks, plug-ins, and any state that outlives a case.
"""

from __future__ import annotations
