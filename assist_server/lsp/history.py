"""What the last requests gave, and why: the answers of `assist.why`."""

from collections import deque
from dataclasses import dataclass

_KEPT_RECORDS = 100


@dataclass(frozen=True)
class RequestRecord:
    """One answered request, without any of the user's text."""

    uri: str
    method: str
    outcome: str
    detail: str = ""
    prompt_tokens: int = 0
    new_tokens: int = 0
    milliseconds: float = 0.0
    mean_log_prob: float | None = None


class RequestHistory:
    """The newest records of one client."""

    def __init__(self) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=_KEPT_RECORDS)

    def add(self, record: RequestRecord) -> None:
        """Remember a record, forgetting the oldest."""
        self._records.append(record)

    def of(self, uri: str) -> list[RequestRecord]:
        """Records of one document, newest first."""
        return [record for record in reversed(self._records) if record.uri == uri]
