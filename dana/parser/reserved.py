"""What to write instead of Python's names between double underscores, which Dana programs cannot reach (L5)."""

from __future__ import annotations

_INSTEAD = {
    "__init__": "a struct needs no constructor: it is made from its fields, as in `Point(x=1, y=2)`",
    "__new__": "a struct needs no constructor: it is made from its fields, as in `Point(x=1, y=2)`",
    "__class__": "`type(value)` is the type of a value",
    "__dict__": "`value.to_dict()` gives the fields of a struct as a dict",
    "__len__": "write `len(value)`",
    "__iter__": "write `iter(value)`",
    "__next__": "write `next(value)`",
    "__contains__": "write `item in value`",
    "__getitem__": "write `value[key]`",
    "__setitem__": "write `value[key] = item`",
    "__call__": "call the value itself: `value(…)`",
    "__import__": "write `import name`",
    "__enter__": "write `with value as name:`",
    "__exit__": "write `with value as name:`",
}


def instead_of(word: str) -> str:
    """A hint for the reserved name `word`."""
    return _INSTEAD.get(word) or f"choose another name, for example `{word.strip('_') or 'name'}`"
