"""Programs that try to leave Dana, or to take more than they may; `python -m tests.attacks` runs them all.

    corpus/         the programs, by class: a line that says what each tries, what it is granted, its text
    corpus.py       reads them
    stage.py        what is put around a program: things worth stealing, and functions of a host
    judge.py        what counts as an escape
    child.py        runs many programs in one process, at one level of isolation
    suite.py        starts such processes, and goes on where one of them died

Whether an attack failed is not told by its error. Around each program lie canaries: a secret in an object of the host,
one among the globals of a host function, one in the environment, one in a file, a port that listens, a folder
where nothing may be created. An audit hook hears of every file, import, process and connection. Whatever the
program printed, and every value its variables lead to, is searched for secrets and for objects of the host.
"""
