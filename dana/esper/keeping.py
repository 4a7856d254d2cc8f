"""Kernels, their forge and their store as Dana programs hold them (Tezzeret, Urabrask, Urza)."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from dana.esper.blueprint import MOST_PARAMETERS
from dana.esper.forge import Forge, Ticket
from dana.esper.kernel import KernelValidator, load_kernel
from dana.esper.lifecycle import KERNELS
from dana.esper.refusals import Refusal, RefusedError
from dana.esper.showing import Refused, asked, one_of, shown, wrong
from dana.esper.store import Urza

if TYPE_CHECKING:
    from dana.esper.field_report import FieldReport
    from dana.esper.kernel import Kernel
    from dana.esper.store import Entry


class KernelHandle:
    """A validated and signed kernel."""

    __slots__ = ("_kernel", "_key", "data")

    def __init__(self, data: bytes, key: bytes, expected: str | None = None) -> None:
        self._kernel: Kernel = load_kernel(data, key, expected=expected)
        self._key = key
        self.data = data

    @property
    def id(self) -> str:
        """The SHA-256 of all that is in it."""
        return self._kernel.id

    @property
    def name(self) -> str:
        """The name of its blueprint."""
        return self._kernel.blueprint.name

    @property
    def parameters(self) -> int:
        """How many numbers it learns."""
        return self._kernel.blueprint.parameters

    @property
    def blueprint(self) -> dict[str, Any]:
        """What is built, as data."""
        return self._kernel.blueprint.to_data()

    @property
    def metadata(self) -> dict[str, Any]:
        """What is known without running it: shapes, kind of numbers, work, checksum."""
        return self._kernel.metadata.to_data()

    @property
    def report(self) -> list[dict[str, Any]]:
        """The signed records of its five stages."""
        return [dict(record, facts=dict(record["facts"])) for record in self._kernel.report]

    @property
    def provenance(self) -> dict[str, Any]:
        """Where it comes from."""
        return deepcopy(self._kernel.artifact.provenance)

    def allowed(self, parameters: int | None = None, device: str = "cpu") -> Any:
        """None when it may be used within these limits, else a `Refused`."""
        most = MOST_PARAMETERS if parameters is None else parameters
        return shown(KernelValidator(parameters=most).validate(self._kernel, device=str(device)))

    def __repr__(self) -> str:
        return repr(self._kernel)


class TicketHandle:
    """What the forge has validated, good for one germination."""

    __slots__ = ("_ticket",)

    def __init__(self, ticket: Ticket) -> None:
        self._ticket = ticket

    @property
    def site(self) -> str:
        """The name of its place."""
        return self._ticket.site

    @property
    def kernel(self) -> str:
        """The id of the kernel; empty where the layer itself grows."""
        return self._ticket.kernel_id

    @property
    def job(self) -> int:
        """The number that `submit` gave."""
        return self._ticket.job

    @property
    def report(self) -> list[dict[str, Any]]:
        """The signed records of the five stages."""
        return [dict(record, facts=dict(record["facts"])) for record in self._ticket.report]

    def __repr__(self) -> str:
        return repr(self._ticket)


class ForgeHandle:
    """A worker process that builds and validates kernels beside the training."""

    __slots__ = ("_forge",)

    def __init__(self, workers: int, key: bytes | None, store: Urza | None) -> None:
        self._forge = Forge(workers, key=key, store=store)

    def submit(self, plan: Any, seed: int | None = None) -> Any:
        """Have a plan built and validated: the number of the job, or a `Refused`."""
        from dana.esper.handles import PlanHandle

        if isinstance(plan, Refused):
            return plan
        if not isinstance(plan, PlanHandle):
            raise wrong("`submit` takes a plan, which `site.propose(…)` makes")
        found = self._forge.submit(plan._plan, seed=seed)
        return Refused(found) if isinstance(found, Refusal) else found

    def ready(self) -> list[Any]:
        """What is ready by now: tickets, and a `Refused` for what was not good enough. Never waits."""
        return [Refused(each) if isinstance(each, Refusal) else TicketHandle(each) for each in self._forge.get_nowait()]

    @property
    def waiting(self) -> int:
        """Jobs that were submitted and not yet handed out."""
        return self._forge.waiting

    @property
    def waits(self) -> int:
        """Training steps that had to wait for a kernel."""
        return self._forge.waits

    def close(self) -> None:
        """End the workers."""
        self._forge.close()

    def __repr__(self) -> str:
        return f"Forge({self.waiting} waiting)"


class StoreHandle:
    """A store of kernels in a folder: versions, lineage, and what became of growths. Nothing is ever deleted."""

    __slots__ = ("_urza",)

    def __init__(self, folder: str) -> None:
        self._urza = Urza(folder)

    def put(self, kernel: Any, parents: list[str] | None = None) -> Any:
        """Keep a kernel: a dict of its id, version, and whether it is new."""
        if isinstance(kernel, Refused):
            return kernel
        if not isinstance(kernel, KernelHandle):
            raise wrong("`put` takes a kernel, which `validate(…)` or `load_kernel(…)` gives")

        def keep() -> dict[str, Any]:
            receipt = self._urza.put(kernel.data, kernel._key, parents=list(parents or ()))
            return {"id": receipt.id, "version": receipt.version, "new": receipt.new}

        return asked(keep)

    def get(self, id: str, key: bytes) -> Any:  # noqa: A002  (the word programs use)
        """A kernel by its id, verified with the key; a `Refused`: not here, damaged, or not signed with it."""
        return asked(lambda: KernelHandle(self._urza.get(str(id)), key_of(key), str(id)))

    def latest(self, name: str) -> dict[str, Any] | None:
        """What is known of the newest version of a name; None when there is none."""
        found = self._urza.latest(str(name))
        return None if found is None else _entry(found)

    def entries(self, name: str | None = None, archived: bool = False) -> list[dict[str, Any]]:
        """All kernels in the order they came."""
        return [_entry(each) for each in self._urza.entries(name=name, archived=archived)]

    def lineage(self, id: str) -> Any:  # noqa: A002
        """A kernel and everything it descends from, nearest first."""
        return asked(lambda: self._urza.lineage(str(id)))

    def moves(self, id: str) -> list[list[str]]:  # noqa: A002
        """What happened to a kernel, in order: event, state afterwards."""
        return [[event, state] for event, state in self._urza.moves(str(id))]

    def move(self, id: str, event: str) -> Any:  # noqa: A002
        """Move a kernel through its life: the state afterwards, or a `Refused`."""
        one_of(event, sorted({known for _state, known in KERNELS}), "event of a kernel")

        def act() -> Any:
            found = self._urza.move(str(id), event)
            return Refused(found) if isinstance(found, Refusal) else str(found)

        return asked(act)

    def archive(self, id: str) -> Any:  # noqa: A002
        """Take a kernel out of `latest` and `entries`: None, or a `Refused`. It stays readable."""

        def act() -> None:
            self._urza.archive(str(id))

        return asked(act)

    def reports(self, kernel: str | None = None, template: str | None = None) -> list[dict[str, Any]]:
        """What became of growths, oldest first."""
        return [_report(each) for each in self._urza.reports(kernel=kernel, template=template)]

    def standing(self) -> dict[str, dict[str, int]]:
        """For each template: how many growths were reported, and the sum of their outcomes."""
        return {name: {"count": count, "sum": total} for name, (count, total) in self._urza.standing().items()}

    def verify(self) -> list[str]:
        """Ids whose file is gone or damaged; empty when all is well."""
        return self._urza.verify()

    def __repr__(self) -> str:
        return f"Store({len(self._urza.entries())} kernels)"


def _entry(found: Entry) -> dict[str, Any]:
    names = ("id", "name", "version", "template", "site", "parameters", "bytes", "state", "archived", "blueprint")
    return {name: getattr(found, name) for name in names}


def _report(found: FieldReport) -> dict[str, Any]:
    return found.to_data()


def key_of(key: Any) -> bytes:
    """A key as bytes. Raises the program's mistake."""
    from dana.esper.artifact import LEAST_KEY_BYTES

    if not isinstance(key, bytes) or len(key) < LEAST_KEY_BYTES:
        raise wrong(f"a key is bytes, {LEAST_KEY_BYTES} at least; `kernel_key()` makes one")
    return key


def validated(plan: Any, key: bytes, seed: int) -> Any:
    """A plan's kernel after all five stages, or the `Refused` of the stage it did not pass."""
    from dana.esper.validation import Urabrask

    if plan.blueprint is None:
        reason = f"`{plan.template.name}` grows the layer itself: there is no kernel of it"
        raise RefusedError("refused.argument", reason, "bottleneck, low_rank, norm … are kernels")
    said = {"site": plan.site.path, "template": plan.template.name, "measures": dict(plan.measures)}
    verdict = Urabrask(key).validate(plan.blueprint, seed=seed, provenance=said)
    return Refused(verdict.refusal) if verdict.refusal is not None else KernelHandle(verdict.packed, key)
