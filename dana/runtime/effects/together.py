"""Calls side by side: `race`, `parallel`, and the stages of a pipeline's list.

Each call is a `Branch` on the account and under the deadlines of the call that waits for them. A failure ends
the others: they are cancelled and their `finally` blocks run before it is raised. The traceback of a failure reads
as if the branch had been called in place.
"""

from __future__ import annotations

from dana.runtime.calls import account, fork, promise_closed
from dana.runtime.effects import bridge, resting
from dana.runtime.effects.promises import Promise
from dana.runtime.effects.sidebyside import Applied
from dana.runtime.effects.waiting import waiting_of
from dana.runtime.stops import Stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from dana.runtime.effects.waiting import Waiting
    from dana.runtime.program import Program

    Branch: TypeAlias = bridge.Branch | bridge.Beside

# Why a branch was cancelled whose result nobody wants any more.
NOT_NEEDED = "another call beside this one has decided the outcome"


class Contest:
    """Branches and promises under way together; `changed` is done as soon as one of them has ended."""

    def __init__(self, waiting: Waiting) -> None:
        self.waiting = waiting
        self.loop = waiting.loop("race")
        self.changed: Future[None] = self.loop.create_future()
        # What has ended, in that order, and has not been looked at.
        self.ended: list[Future[Any]] = []

    def start(self, action: Callable[[], Any]) -> Branch:
        """Run an action as a branch."""
        self.waiting.meter.check()
        meter = self.waiting.meter
        meter.promise_opened()
        run = account(meter)
        function, args = (action.function, (action.item,)) if action.__class__ is Applied else (action, ())
        if resting.may_rest(function, args, {}):
            branch: Branch = bridge.Beside(self.waiting, self.loop, function, args, fork(meter))
        else:
            branch = bridge.Branch(self.waiting, self.loop, action, fork(meter))

        def ended(future: Future[Any]) -> None:
            promise_closed(meter, run)
            self.tell(future)

        branch.ended.add_done_callback(ended)
        return branch

    def tell(self, future: Future[Any]) -> None:
        self.ended.append(future)
        if not self.changed.done():
            self.changed.set_result(None)

    def wait(self) -> list[Future[Any]]:
        """Until one more has ended; those that have, in the order in which they did."""
        self.waiting.wait(self.changed)
        self.changed = self.loop.create_future()
        ended, self.ended = self.ended, []
        return ended

    def end(self, branches: Sequence[Branch]) -> None:
        """Cancel branches and wait for their end."""
        for branch in branches:
            if not branch.dead:
                branch.cancelled = NOT_NEEDED
                self.loop.call_soon(branch.cancel, NOT_NEEDED)
        for branch in branches:
            self.waiting.wait_for_end(branch.ended)


def parallel(program: Program, actions: Sequence[Callable[[], Any]], limit: int) -> list[Any]:
    """The values of all actions, in order, at most `limit` running at a time; the first failure ends the others."""
    waiting = waiting_of(program)
    if not bridge.AVAILABLE or not waiting.can_branch():
        return [action() for action in actions]
    contest = Contest(waiting)
    running: dict[Future[Any], tuple[Branch, int]] = {}
    values: list[Any] = [None] * len(actions)
    following = iter(enumerate(actions))
    try:
        while True:
            while len(running) < limit:
                index, action = next(following, (-1, None))
                if action is None:
                    break
                branch = contest.start(action)
                running[branch.ended] = branch, index
            if not running:
                return values
            for future in contest.wait():
                _, index = running.pop(future)
                done, value = future.result()
                if not done:
                    raise value  # noqa: TRY301  (the others are ended below)
                values[index] = value
    except BaseException:
        contest.end([branch for branch, _ in running.values()])
        raise


def race(program: Program, contenders: Sequence[Any]) -> Any:
    """The first value; all others are cancelled. When all fail, the first failure is raised."""
    waiting = waiting_of(program)
    given = [c for c in contenders if c.__class__ is not Promise and not callable(c)]
    actions = [c for c in contenders if c.__class__ is not Promise and callable(c)]
    promises = [c for c in contenders if c.__class__ is Promise]
    branches: list[Branch] = []
    if not given and actions and (not bridge.AVAILABLE or not waiting.can_branch()):
        return _one_by_one(promises, actions)
    contest = Contest(waiting)
    try:
        if given:
            return given[0]
        branches += [contest.start(action) for action in actions]
        for promise in promises:
            promise._task.add_done_callback(contest.tell)
        return _first(contest, [*promises, *branches])
    finally:
        for promise in promises:
            promise._cancel()
        contest.end(branches)


def _first(contest: Contest, contenders: list[Any]) -> Any:
    """Wait for the first success."""
    failed: list[BaseException] = []
    left = {_future_of(contender): contender for contender in contenders}
    while left:
        for future in contest.wait():
            error, value = _outcome(left.pop(future))
            if error is None:
                return value
            if isinstance(error, Stop):
                raise error
            failed.append(error)
    raise failed[0]


def _future_of(contender: Any) -> Future[Any]:
    future: Future[Any] = contender._task if contender.__class__ is Promise else contender.ended
    return future


def _outcome(contender: Any) -> tuple[BaseException | None, Any]:
    if contender.__class__ is Promise:
        try:
            return None, contender._force()
        except BaseException as error:  # noqa: BLE001  (decided by the race)
            return error, None
    done, value = contender.ended.result()
    return (None, value) if done else (value, None)


def _one_by_one(promises: list[Promise], actions: list[Callable[[], Any]]) -> Any:
    """A race where nothing can run side by side: the first that succeeds, in written order."""
    failed: list[Exception] = []
    for attempt in [*(p._force for p in promises), *actions]:
        try:
            return attempt()
        except Exception as error:  # noqa: BLE001  (raised below when all fail)
            failed.append(error)
    raise failed[0]
