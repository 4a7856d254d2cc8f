"""The forge: kernels built and validated beside the training, which never waits for them (E47, E74, E95, E100).

    forge = Forge()                       Tezzeret's worker process starts and warms up
    forge.submit(plan)                    a number, or a refusal (the breaker of its template is open)
    for ticket in forge.get_nowait(): …   what is ready by now: tickets, and refusals of what was not good enough
    host.germinate(ticket)                only what carries a valid report may grow

The training's thread puts into a queue and takes out of one; neither ever blocks. A thread for each worker waits
for the worker instead: one job at a time, ended when it takes too long or needs too much memory, and a new worker in
its place. What comes back is bytes; they are verified like any other before a module is built of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, cast
from weakref import finalize

from dana.adaptive.breaker import Breaker
from dana.esper.artifact import fresh_key
from dana.esper.blueprint import from_data
from dana.esper.kernel import Kernel, KernelValidator, load_kernel
from dana.esper.modules import Grown
from dana.esper.refusals import CODES, Refusal, RefusedError
from dana.esper.validation import MOST_RELATIVE, Urabrask, Verdict
from dana.esper.worker import receive, send

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dana.esper.host import Plan
    from dana.esper.store import Urza

MEMORY_BYTES = 1_000_000_000
LIMIT_S = 30.0
START_S = 120.0
# Tickets beyond so many that nobody used are no longer good.
_MOST_ISSUED = 256
# A template family whose kernels mostly fail is left alone for a while.
_BREAKER = {"failure_rate": 0.5, "least": 4, "window": 16, "open_s": 60.0}


class Ticket:
    """A validated kernel for one site, good for one germination: `host.germinate(ticket)`.

    `plan` with the built module; `site` its path; `kernel_id` ("" for growths of the layer itself); `report`: the
    signed records; `measured`: times; `job`: its number.
    """

    __slots__ = ("blueprint", "job", "kernel_id", "measured", "plan", "report", "site")

    def __init__(self, plan: Plan, kernel: Kernel | None, job: int, measured: Mapping[str, Any]) -> None:
        self.plan = plan
        self.job = job
        self.site = plan.site.path
        self.blueprint = plan.blueprint
        self.kernel_id = "" if kernel is None else kernel.id
        self.report: list[dict[str, Any]] = [] if kernel is None else kernel.report
        self.measured = dict(measured)

    def to_data(self) -> dict[str, Any]:
        """As plain data, for the journal: what was validated, and by which records; no times."""
        return {
            "site": self.site, "template": self.plan.template.name, "kernel": self.kernel_id, "job": self.job,
            "blueprint": None if self.blueprint is None else self.blueprint.id,
            "stages": [record["stage"] for record in self.report],
            "signatures": [record["signature"] for record in self.report],
            "risk": self.report[-1]["facts"]["risk"] if self.report else None,
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"Ticket({self.plan!r}, {self.kernel_id[:12] or 'the layer itself'})"


class Tezzeret:
    """One warm worker process and what is asked of it. Blocking, for a thread of its own.

    `limit_s`: seconds for one job; `memory`: bytes beyond those of a warm worker.
    """

    def __init__(self, key: bytes, *, limit_s: float, memory: int, limits: Mapping[str, int], relative: float) -> None:
        self._start = {"limits": dict(limits), "memory": memory, "relative": relative}
        self.key = key
        self.limit_s = limit_s
        self.starts = 0
        self.closed = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        """The worker's, while there is one."""
        return None if self._process is None else self._process.pid

    def warm(self) -> None:
        """Start the worker, unless it runs. Raises `RefusedError` when it does not start."""
        if self._process is not None and self._process.poll() is None:
            return
        self.end()
        if self.closed:
            raise RefusedError("refused.state", "the forge is closed")
        self.starts += 1
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dana.esper.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=_environment(), cwd=os.sep, close_fds=True,
        )  # fmt: skip
        try:
            send(cast("Any", self._process.stdin), self._start, self.key)
        except OSError:
            raise RefusedError("refused.state", "the worker did not start") from None
        self._answer(START_S, "start")

    def ask(self, job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The worker's answer to a job. Raises `RefusedError`: it took too long, or the worker ended."""
        self.warm()
        assert self._process is not None
        try:
            send(cast("Any", self._process.stdin), job)
        except OSError:
            self.end()
            raise RefusedError("refused.state", "the worker has ended") from None
        return self._answer(self.limit_s, "job")

    def _answer(self, limit_s: float, what: str) -> tuple[dict[str, Any], bytes]:
        assert self._process is not None
        process, found = self._process, SimpleQueue[Any]()

        def read() -> None:
            try:
                found.put(receive(cast("Any", process.stdout)))
            except (EOFError, ValueError, OSError) as error:
                found.put(error)

        Thread(target=read, daemon=True, name="esper-forge-read").start()
        try:
            answer = found.get(timeout=limit_s)
        except Empty:
            self.end()
            raise RefusedError("refused.time", f"the {what} took longer than {limit_s:g} s and was ended") from None
        if isinstance(answer, BaseException):
            self.end()
            code = "refused.memory" if what == "job" else "refused.state"
            raise RefusedError(code, f"the worker ended during the {what}: out of memory, or killed")
        return cast("tuple[dict[str, Any], bytes]", answer)

    def close(self) -> None:
        """End the worker for good."""
        self.closed = True
        process = self._process
        if process is not None:
            process.kill()  # its thread notices, and clears up

    def end(self) -> None:
        """End the worker, whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    _close(stream)


def _close(stream: Any) -> None:
    try:
        stream.close()
    except OSError:  # what was still to be written has nobody to read it
        return


def _environment() -> dict[str, str]:
    """What a worker needs to start, and nothing else: no key of a service, no setting of a model."""
    keep = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV", "TMPDIR")
    kept = {name: os.environ[name] for name in keep if name in os.environ}
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return {**kept, "PYTHONPATH": package, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


class Forge:
    """See above.

    `workers`: processes; 0 does the work inside `get_nowait`, for runs that shall be repeatable to the step (each
    such job counts as a wait); `store`: where validated kernels are kept; `key`: Urabrask's; `limit_s`, `memory`:
    limits of one job; `limits`: of `KernelValidator`; `clock`: monotonic seconds, for the breakers. Usable as a
    context manager.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        store: Urza | None = None,
        key: bytes | None = None,
        limit_s: float = LIMIT_S,
        memory: int = MEMORY_BYTES,
        limits: Mapping[str, int] | None = None,
        relative: float = MOST_RELATIVE,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.key = key or fresh_key()
        self.store = store
        # Training steps that waited for a job here; nothing but `workers=0` can make it more than 0.
        self.waits = 0
        self.done = 0
        self.breakers: dict[str, Breaker] = {}
        bounds = dict(limits or {})
        self._urabrask = Urabrask(self.key, validator=KernelValidator(**cast("Any", bounds)), relative=relative)
        self._clock = clock
        self._jobs: SimpleQueue[Any] = SimpleQueue()
        self._ready: SimpleQueue[Any] = SimpleQueue()
        self._plans: dict[int, tuple[Plan, int, int]] = {}
        self._issued: dict[tuple[str, str], Plan] = {}
        self._number = 0
        self._births: dict[str, int] = {}
        self._inline = workers == 0
        self.workers = [
            Tezzeret(self.key, limit_s=limit_s, memory=memory, limits=bounds, relative=relative) for _ in range(workers)
        ]
        self._threads = [
            Thread(target=_serve, args=(worker, self._jobs, self._ready, store), daemon=True, name="esper-forge")
            for worker in self.workers
        ]
        for thread in self._threads:
            thread.start()
        self._closing = finalize(self, _end, self._jobs, self.workers)

    # --- asking -----------------------------------------------------------------------------------

    def submit(self, plan: Plan, *, seed: int | None = None) -> int | Refusal:
        """Have a plan built and validated; its number, or why not. Never blocks.

        `seed` of the first weights: by default it follows from the host's seed, the site, and how often it was asked.
        """
        if not self._closing.alive:
            return Refusal("refused.state", "the forge is closed")
        breaker = self._breaker(plan.template.name)
        admitted = breaker.admit(self._clock())
        if not admitted:
            wait = breaker.retry_after(self._clock())
            reason = f"kernels of `{plan.template.name}` mostly failed; the forge takes none for {wait:.0f} s"
            return Refusal("refused.cooldown", reason, "another template")
        self._number += 1
        number = self._number
        if seed is None:
            seed = self._seed(plan)
        self._plans[number] = plan, admitted, seed
        provenance = {"site": plan.site.path, "template": plan.template.name, "measures": dict(plan.measures)}
        if plan.blueprint is None:
            # A growth of the layer itself has no kernel: surgery checks it where it happens.
            self._ready.put((number, None, {}, None))
        elif (refusal := self._urabrask.validate_now(plan.blueprint)) is not None:
            self._ready.put((number, refusal, {}, None))
        else:
            job = {"id": number, "blueprint": plan.blueprint.to_data(), "seed": seed, "provenance": provenance}
            self._jobs.put(job)
        return number

    def _seed(self, plan: Plan) -> int:
        """Equal runs ask in equal order, so they get equal weights."""
        from hashlib import sha256

        path = plan.site.path
        self._births[path] = self._births.get(path, 0) + 1
        text = f"{plan.site.host.seed}|{path}|{self._births[path]}|{plan.blueprint.id if plan.blueprint else ''}"
        return int.from_bytes(sha256(text.encode()).digest()[:6], "big")

    def _breaker(self, family: str) -> Breaker:
        return self.breakers.setdefault(family, Breaker(**cast("Any", _BREAKER)))

    @property
    def waiting(self) -> int:
        """Jobs that were submitted and not yet handed out."""
        return len(self._plans)

    # --- taking -----------------------------------------------------------------------------------

    def get_nowait(self) -> list[Ticket | Refusal]:
        """What is ready by now, in the order it came; never blocks. Refusals name their site in `data`."""
        if self._inline:
            self._work_here()
        found: list[Ticket | Refusal] = []
        while True:
            try:
                number, refusal, measured, kernel = self._ready.get_nowait()
            except Empty:
                return found
            if number in self._plans:
                found.append(self._finished(number, refusal, measured, kernel))

    def _work_here(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return
            self.waits += 1
            blueprint = from_data(job["blueprint"])
            verdict = self._urabrask.validate(blueprint, seed=job["seed"], provenance=job["provenance"])
            kernel = None if verdict.refusal is not None else _received(verdict.packed, job, self.key, self.store)
            self._ready.put((job["id"], verdict.refusal, verdict.measured, kernel))

    def _finished(
        self, number: int, refusal: Refusal | None, measured: dict[str, Any], kernel: Kernel | None
    ) -> Ticket | Refusal:
        plan, admitted, _seed = self._plans.pop(number)
        breaker, now = self._breaker(plan.template.name), self._clock()
        self.done += 1
        if refusal is not None:
            breaker.failure(admitted, 0.0, now)
            refusal.data.update(site=plan.site.path, job=number, template=plan.template.name)
            return refusal
        breaker.success(admitted, 0.0, now)
        if kernel is not None:
            plan.kernel, plan.report = kernel.module, {"kernel": kernel.id, "records": kernel.report}
            self._issued[kernel.id, plan.site.path] = plan
            if len(self._issued) > _MOST_ISSUED:
                del self._issued[next(iter(self._issued))]
        return Ticket(plan, kernel, number, measured)

    def vouches(self, plan: Plan) -> bool:
        """Whether a plan carries what this forge validated, and did not grow yet."""
        if plan.template.growth != "graft":
            return True
        said = (plan.report or {}).get("kernel", "")
        return self._issued.get((said, plan.site.path)) is plan and isinstance(plan.kernel, Grown)

    def used(self, plan: Plan) -> None:
        """A plan has grown: what it carries is somebody's now, and does not grow again."""
        self._issued.pop(((plan.report or {}).get("kernel", ""), plan.site.path), None)

    # --- the end ----------------------------------------------------------------------------------

    def close(self) -> None:
        """End the workers, whatever they do. What was not taken is lost."""
        self._closing()
        for thread in self._threads:
            thread.join(timeout=5.0)
        self._plans.clear()

    def __enter__(self) -> Forge:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _serve(worker: Tezzeret, jobs: SimpleQueue[Any], ready: SimpleQueue[Any], store: Urza | None) -> None:
    """One worker's thread, which also verifies, builds and keeps. It holds no forge, so that a forgotten one ends."""
    try:
        worker.warm()
    except RefusedError:
        worker.end()  # the first job tries again, and says so
    while True:
        job = jobs.get()
        if job is None:
            jobs.put(None)
            worker.end()
            return
        if worker.closed:
            continue
        try:
            answer, packed = worker.ask(job)
            refusal = _refusal(answer)
            kernel = None if refusal is not None else _received(packed, job, worker.key, store)
        except RefusedError as error:
            ready.put((job["id"], error.refusal, {}, None))
            continue
        ready.put((job["id"], refusal, answer.get("measured", {}), kernel))


def _received(packed: bytes, job: Mapping[str, Any], key: bytes, store: Urza | None) -> Kernel:
    """What a worker sent, verified like bytes from anywhere, built, and kept."""
    kernel = load_kernel(packed, key)
    if kernel.blueprint.to_data() != job["blueprint"]:
        raise RefusedError("refused.validation", "the worker built another blueprint")
    if store is not None:
        store.put(packed, key)
    return kernel


def _refusal(answer: Mapping[str, Any]) -> Refusal | None:
    said = answer.get("refusal")
    if said is None:
        return None
    code = said.get("code")
    return Refusal(
        code if code in CODES else "refused.validation", str(said.get("reason", "")), str(said.get("hint", ""))
    )


def _end(jobs: SimpleQueue[Any], workers: list[Tezzeret]) -> None:
    jobs.put(None)
    for worker in workers:
        worker.close()


__all__ = ["Forge", "Tezzeret", "Ticket", "Urabrask", "Verdict"]
