"""`public:` and `system:` (L10): mappings that say clearly what is wrong with a name.

`private:x` is a global of its module and `local:x` a plain variable; the compiler deals with them alone.
"""

from __future__ import annotations

from dana.abi import SETTINGS
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program


class Public(dict[str, "Any"]):
    """State that all modules of one program share."""

    __slots__ = ()

    def __missing__(self, name: str) -> Any:
        from dana.diagnostics import suggest

        near = suggest(name, self)
        hint = f"did you mean `public:{near}`?" if near else f"assign it first: `public:{name} = …`"
        raise failure(NameError, "E603", f"`public:{name}` has not been assigned", hint)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            self.__missing__(name)
        super().__delitem__(name)


# Settings that may be assigned.
WRITABLE = frozenset({"log_level"})
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class System:
    """The settings of the running program: documented names only."""

    __slots__ = ("log_level", "program")

    def __init__(self, program: Program) -> None:
        self.program = program
        self.log_level = "INFO"

    def __getitem__(self, name: str) -> Any:
        if name not in SETTINGS:
            raise _unknown(name)
        return getattr(self, f"_read_{name}")()

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in SETTINGS:
            raise _unknown(name)
        if name not in WRITABLE:
            writable = ", ".join(f"`system:{n}`" for n in sorted(WRITABLE))
            raise failure(
                AttributeError,
                "E613",
                f"`system:{name}` is read-only ({SETTINGS[name]})",
                f"writable settings: {writable}",
            )
        getattr(self, f"_write_{name}")(value)

    def __delitem__(self, name: str) -> None:
        raise failure(AttributeError, "E613", f"`system:{name}` cannot be deleted: settings always exist")

    def _read_version(self) -> str:
        from dana.abi import VERSION

        return VERSION

    def _read_file(self) -> str:
        main = self.program.modules.get("__main__")
        return main.file if main is not None else ""

    def _read_steps_used(self) -> int:
        return self.program.meter.used

    def _read_steps_limit(self) -> int | None:
        return self.program.meter.limit

    def _read_depth_limit(self) -> int | None:
        return self.program.meter.depth

    def _read_time_limit_s(self) -> float | None:
        return self.program.meter.wall_s

    def _read_log_level(self) -> str:
        return self.log_level

    def _write_log_level(self, value: Any) -> None:
        self.log_level = log_level(value)


def log_level(value: Any) -> str:
    """A level as it is kept; raises ValueError for anything else."""
    wanted = value.upper() if isinstance(value, str) else value
    if wanted not in LOG_LEVELS:
        from dana.runtime.typevalues import short

        raise failure(ValueError, "E602", f"Invalid log level: {short(value)}", f"levels are {', '.join(LOG_LEVELS)}")
    return str(wanted)


def _unknown(name: str) -> Exception:
    from dana.diagnostics import suggest

    near = suggest(name, SETTINGS)
    hint = f"did you mean `system:{near}`?" if near else f"settings are {', '.join(SETTINGS)}"
    return failure(NameError, "E603", f"there is no setting `system:{name}`", hint)
