"""The load: virtual users in an event loop, in two processes that take orders from the measuring one."""

import multiprocessing
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection as Pipe
from typing import Any

from tests.bench.operations import OPERATIONS, Steps, Target, Visitor, Wrong
from tests.bench.wire import ANSWER_SECONDS, Answer, Broken, Connection

ERRORS_IN_A_ROW = 20
SAMPLES_KEPT = 5


@dataclass(slots=True)
class Tally:
    """What happened in one measurement."""

    milliseconds: list[float] = field(default_factory=list)
    errors: int = 0
    server_errors: int = 0
    dropped: int = 0
    seconds: float = 0.0
    client_cpu: float = 0.0
    samples: list[str] = field(default_factory=list)

    def failed(self, error: Exception) -> None:
        """Count an operation that did not get what it must."""
        self.errors += 1
        if isinstance(error, Wrong) and error.status >= 500:
            self.server_errors += 1
        if len(self.samples) < SAMPLES_KEPT:
            self.samples.append(str(error)[:400])

    def add(self, other: "Tally") -> None:
        """Take in what another process counted at the same time."""
        self.milliseconds += other.milliseconds
        self.errors += other.errors
        self.server_errors += other.server_errors
        self.dropped += other.dropped
        self.seconds = max(self.seconds, other.seconds)
        self.client_cpu += other.client_cpu
        self.samples = (self.samples + other.samples)[:SAMPLES_KEPT]

    @property
    def operations(self) -> int:
        """All operations, good and bad: the server worked for each."""
        return len(self.milliseconds) + self.errors


class _Turn:
    """One visitor with its connection and the operation it is in (None: it has ended)."""

    def __init__(self, target: Target, number: int, opened: Callable[["_Turn", int], None]) -> None:
        self.visitor = Visitor(target, number)
        self.connection = Connection(target.host, target.port, partial(opened, self))
        self.steps: Steps | None = None
        self.began = 0.0
        self.errors_in_a_row = 0


class Crowd:
    """Some virtual users, each doing one operation after another over its own connection."""

    def __init__(self, target: Target, numbers: Sequence[int]) -> None:
        self._poll = select.epoll()
        self._turn_of: dict[int, _Turn] = {}
        self._turns = [_Turn(target, number, self._watch) for number in numbers]
        self._steps: Callable[[Visitor], Steps] = OPERATIONS["jwks"].steps
        self._until = 0.0
        self._tally = Tally()

    def prepare(self, name: str) -> None:
        """Give every visitor what the operation begins with. Raises Wrong or Broken."""
        prepare = OPERATIONS[name].prepare
        for turn in self._turns:
            drive(OPERATIONS["jwks"].steps(turn.visitor), turn.connection)
            if prepare:
                drive(prepare(turn.visitor), turn.connection)
            turn.connection.close()

    def run(self, name: str, seconds: float) -> Tally:
        """Do the operation for so long; what is under way then is still finished and counted."""
        self._tally, self._steps = Tally(), OPERATIONS[name].steps
        cpu, began = time.process_time(), time.monotonic()
        self._until = began + seconds
        for turn in self._turns:
            turn.errors_in_a_row = turn.connection.dropped = 0
            self._begin(turn)
        while any(turn.steps for turn in self._turns) and time.monotonic() < self._until + ANSWER_SECONDS:
            for descriptor, _ in self._poll.poll(1.0):
                self._ready(self._turn_of[descriptor])
        self._tally.seconds = time.monotonic() - began
        self._tally.client_cpu = (time.process_time() - cpu) * 1000
        self._end()
        return self._tally

    def _watch(self, turn: _Turn, descriptor: int) -> None:
        # A closed socket leaves the poll by itself, and its number may be given to the next one.
        self._turn_of[descriptor] = turn
        self._poll.register(descriptor, select.EPOLLIN)

    def _begin(self, turn: _Turn) -> None:
        while time.monotonic() < self._until and turn.errors_in_a_row < ERRORS_IN_A_ROW:
            turn.began = time.perf_counter()
            turn.steps = self._steps(turn.visitor)
            self._go_on(turn, turn.steps, None)
            if turn.steps:
                return

    def _ready(self, turn: _Turn) -> None:
        if turn.steps is None:
            turn.connection.close()
            return
        try:
            answer = turn.connection.receive()
        except Broken as error:
            self._failed(turn, error)
        else:
            if answer is None:
                return
            self._go_on(turn, turn.steps, answer)
        if turn.steps is None:
            self._begin(turn)

    def _go_on(self, turn: _Turn, steps: Steps, answer: Answer | None) -> None:
        """Hand the answer over and send the next request, or note the end: `turn.steps` is None then."""
        try:
            turn.connection.send(steps.send(answer) if answer else next(steps))
        except StopIteration:
            self._tally.milliseconds.append((time.perf_counter() - turn.began) * 1000)
            turn.steps = None
            turn.errors_in_a_row = 0
        except (Wrong, Broken, ValueError) as error:
            self._failed(turn, error)

    def _failed(self, turn: _Turn, error: Exception) -> None:
        self._tally.failed(error)
        turn.steps = None
        turn.errors_in_a_row += 1
        turn.connection.close()

    def _end(self) -> None:
        for turn in self._turns:
            if turn.steps:
                self._failed(turn, Broken("no answer in time"))
            self._tally.dropped += turn.connection.dropped
            turn.connection.close()


def drive(steps: Steps, connection: Connection) -> list[tuple[str, Answer]]:
    """Do one operation by itself; each request's "METHOD /path" and its answer. Raises Wrong or Broken."""
    done: list[tuple[str, Answer]] = []
    answer: Answer | None = None
    while True:
        try:
            request = steps.send(answer) if answer else next(steps)
        except StopIteration:
            return done
        connection.send(request)
        answer = None
        while answer is None:
            answer = connection.receive()
        method, path, _ = request.split(b" ", 2)
        done.append((f"{method.decode()} {path.split(b'?')[0].decode()}", answer))


def _obey(pipe: "Pipe[Any, Any]", target: Target, numbers: Sequence[int]) -> None:
    """A load process: ("prepare", name) and ("run", name, seconds) until the pipe is closed."""
    crowd = Crowd(target, numbers)
    while True:
        try:
            order = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            result: Tally | str | None = _done(crowd, *order)
        except (Wrong, Broken, ValueError) as error:
            result = str(error)
        try:
            pipe.send(result)
        except BrokenPipeError:
            return


def _done(crowd: Crowd, order: str, name: str, seconds: float = 0) -> Tally | None:
    if order == "run":
        return crowd.run(name, seconds)
    crowd.prepare(name)
    return None


class LoadFailed(Exception):
    """A load process could not do what it was told."""


class Load:
    """The load processes, started once and told what to do. A context manager that ends them."""

    def __init__(self, target: Target, users: int, processes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Pipe[Any, Any]] = []
        self._processes = []
        for first in range(processes):
            ours, theirs = context.Pipe()
            numbers = tuple(range(first, users, processes))
            process = context.Process(target=_obey, args=(theirs, target, numbers), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(5)
            if process.is_alive():
                process.kill()

    def prepare(self, name: str) -> None:
        """Before an operation, outside the time that is measured. Raises LoadFailed."""
        self._ask("prepare", name)

    def run(self, name: str, seconds: float) -> Tally:
        """The operation by all users at once, for so long. Raises LoadFailed."""
        whole = Tally()
        for part in self._ask("run", name, seconds):
            whole.add(part)
        return whole

    def _ask(self, *order: object) -> list[Any]:
        for pipe in self._pipes:
            pipe.send(order)
        try:
            answers = [pipe.recv() for pipe in self._pipes]
        except EOFError as error:
            raise LoadFailed("a load process ended") from error
        for answer in answers:
            if isinstance(answer, str):
                raise LoadFailed(f"{order[0]} {order[1]}: {answer}")
        return answers
