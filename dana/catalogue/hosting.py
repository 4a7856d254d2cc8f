"""Codes of the embedding: values and functions that cross between Python and a program (E540 to E549)."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E540": Entry(
        "the program's file cannot be read",
        "There is no file of this name, or it may not be read. A relative path starts from the folder the Python "
        "process runs in. A program that is a text is handed over as text: a single line that ends in `.na` is taken "
        "for a path.",
    ),
    "E541": Entry(
        "an argument does not fit a function of the host",
        "The function is written in Python, and its annotation asks for another type. What can be converted without "
        "loss is converted, as for functions of Dana; a struct or a dict becomes a dataclass or a pydantic model with "
        "the same fields.",
    ),
    "E542": Entry(
        "a result is not what Python asked for",
        "`f.returning(Model)` makes the result of a Dana function a dataclass, a pydantic model or what else the "
        "annotation says. The result has other fields, or other types in them.",
    ),
    "E543": Entry(
        "a function of the host returned something else",
        "The function is written in Python and breaks the promise of its own annotation. The program cannot mend "
        "this: the function can.",
    ),
    "E544": Entry(
        "a function of the host failed",
        "The function is written in Python and raised an exception. Programs can catch it like any other, by the name "
        "of its class where that is one of Dana's (`except ConnectionError`), and by `Exception` always. In Python, "
        "the very object is the `__cause__` of the error.",
    ),
    "E545": Entry(
        "a session cannot be snapshotted",
        "A snapshot is plain data: numbers, texts, lists, dicts, sets, structs, and definitions of functions, types "
        "and imports as they were written. A function that was made by another one, a proxy for an object of Python, "
        "an iterator or a resource has no such form. Delete the variable, or make it again after restoring.",
    ),
    "E546": Entry(
        "a snapshot cannot be restored",
        "The data is no snapshot of a session, one of another version, or its definitions no longer compile.",
    ),
}
