"""What was asked of a sandbox and what it wrote: the figures that tests and benchmarks compare."""

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any, Literal

WriteAction = Literal["create", "update", "delete", "associate", "disassociate"]


@dataclass(frozen=True)
class Seen:
    """One API request: `at` in seconds since 1970, `ms` until answered, `status` 0 for a cut connection."""

    at: float
    method: str
    path: str
    kind: str
    status: int
    ms: float


@dataclass(frozen=True)
class Write:
    """One record written: its type in the API's own word, what was done, its id."""

    at: float
    type: str
    action: WriteAction
    id: str


class RequestLog:
    """Counts requests by kind and status, and writes by record. Token requests stand apart."""

    def __init__(self, *, size: int = 2000) -> None:
        self._size = size
        self.in_flight = 0
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        self.total = 0
        self.tokens = 0
        self.by_kind: Counter[str] = Counter()
        self.by_status: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.writes: Counter[tuple[str, WriteAction]] = Counter()
        self.peak = 0
        self._seen: deque[Seen] = deque(maxlen=self._size)
        self._written: deque[Write] = deque(maxlen=self._size)

    def enter(self, kind: str) -> None:
        """A request begins. It counts from here on: who has its answer finds it counted."""
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        if kind == "token":
            self.tokens += 1
            return
        self.total += 1
        self.by_kind[kind] += 1

    def leave(self, seen: Seen) -> None:
        """A request ends, answered or cut."""
        self.in_flight -= 1
        self._seen.append(seen)
        if seen.kind != "token":
            self.by_status[str(seen.status)] += 1

    def operated(self, kind: str) -> None:
        """One operation inside a batch request."""
        self.operations[kind] += 1

    def wrote(self, write: Write) -> None:
        """One record was written, for good: a rolled-back write is not reported."""
        self.writes[(write.type, write.action)] += 1
        self._written.append(write)

    def shown(self, *, last: int = 200) -> dict[str, Any]:
        """The figures as JSON, with the last so many requests and writes."""
        by_type: dict[str, dict[str, int]] = {}
        for (kind, action), count in self.writes.items():
            by_type.setdefault(kind, {})[action] = count
        return {
            "total": self.total,
            "tokens": self.tokens,
            "by_kind": dict(self.by_kind),
            "by_status": dict(self.by_status),
            "operations": dict(self.operations),
            "peak_concurrency": self.peak,
            "writes": sum(self.writes.values()),
            "writes_by_type": by_type,
            "log": [asdict(seen) for seen in list(self._seen)[-last:]] if last else [],
            "write_log": [asdict(write) for write in list(self._written)[-last:]] if last else [],
        }
