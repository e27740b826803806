"""Outcomes of the last requests, for `assist.why`.

They stay in memory and are never written to disk. Prompt ids and completions are kept while the
document is open, so that the user can ask for them.
"""

from collections import deque
from dataclasses import dataclass, field

from assist_server.features.inline_completion import InlineCompletion

_KEPT_RECORDS = 100


@dataclass(frozen=True)
class RequestRecord:
    """One answered request."""

    uri: str
    method: str
    outcome: str
    detail: str = ""
    prompt_tokens: int = 0
    new_tokens: int = 0
    milliseconds: float = 0.0
    """Time from the start of the work to its end, including waiting for the model."""
    first_token_ms: float | None = None
    """Time to the first token: waiting and prefill."""
    mean_log_prob: float | None = None
    model: str = ""
    prompt_ids: tuple[int, ...] = field(default=(), repr=False)
    text: str | None = field(default=None, repr=False)
    """The completion shown, or hidden because of low confidence."""

    @classmethod
    def of(cls, uri: str, method: str, model: str, completion: InlineCompletion) -> "RequestRecord":
        """Create the record of a completion by a model."""
        return cls(
            uri=uri,
            method=method,
            outcome=completion.outcome,
            detail=completion.detail,
            prompt_tokens=len(completion.prompt_ids),
            new_tokens=completion.new_tokens,
            milliseconds=completion.milliseconds,
            first_token_ms=completion.first_token_ms,
            mean_log_prob=completion.mean_log_prob,
            model=model,
            prompt_ids=completion.prompt_ids,
            text=completion.hidden_text if completion.text is None else completion.text,
        )


class RequestHistory:
    """The newest records of one client."""

    def __init__(self) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=_KEPT_RECORDS)

    def add(self, record: RequestRecord) -> None:
        """Add a record; the oldest is dropped when the history is full."""
        self._records.append(record)

    def forget(self, uri: str) -> None:
        """Remove the records of a document."""
        kept = [record for record in self._records if record.uri != uri]
        self._records = deque(kept, maxlen=_KEPT_RECORDS)

    def of(self, uri: str) -> list[RequestRecord]:
        """Return the records of one document, newest first."""
        return [record for record in reversed(self._records) if record.uri == uri]
