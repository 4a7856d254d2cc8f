"""Classes of Python as types: `isinstance(x, pd.DataFrame)`, `def total(df: pd.DataFrame)`."""

from __future__ import annotations

from dana.runtime.foreign.proxies import Foreign
from dana.runtime.typevalues import TypeValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ForeignType(TypeValue):
    """The type whose values are the instances of a class of Python."""

    __slots__ = ("_cls",)

    def __init__(self, cls: type) -> None:
        super().__init__(cls.__name__)
        self._cls = cls

    def _conforms(self, value: Any) -> bool:
        return isinstance(value._target if isinstance(value, Foreign) else value, self._cls)
