"""Where what was learnt about functions is kept: parameters with their versions, feedback, patterns (P53, P124–P129).

    base.py        what a store does, its records and its errors
    files.py       JSON files under `.poet/`: readable, in git if one likes
    sql.py         what the two databases share
    sqlite.py      one file, the default          postgres.py    a server, for many processes on many machines
    opening.py     from a URL or a path to a store; copying one into another

A store is never on the path of a call (`writer.py` saves behind it), and none of its failures costs one: what cannot
be saved is kept in memory, said once, and saved when the store works again. A damaged file is moved aside, not
overwritten.
"""

from __future__ import annotations
