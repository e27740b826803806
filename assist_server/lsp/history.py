"""Results of the last requests and their reasons: the answers of `assist.why`.

Nothing here is written anywhere. The ids of prompts and what was proposed are kept so that the user
can ask for them, for as long as the document is open.
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
    """From the start of the work, which may wait for other work of the model, to its end."""
    first_token_ms: float | None = None
    """The part of it before the first token: waiting, and prefilling the prompt."""
    mean_log_prob: float | None = None
    model: str = ""
    prompt_ids: tuple[int, ...] = field(default=(), repr=False)
    text: str | None = field(default=None, repr=False)
    """What was proposed, or would have been had it been likelier to be right."""

    @classmethod
    def of(cls, uri: str, method: str, model: str, completion: InlineCompletion) -> "RequestRecord":
        """Record a completion, and the name of the model that was asked for it."""
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
        """Remember a record, forgetting the oldest."""
        self._records.append(record)

    def forget(self, uri: str) -> None:
        """Keep nothing of a document."""
        kept = [record for record in self._records if record.uri != uri]
        self._records = deque(kept, maxlen=_KEPT_RECORDS)

    def of(self, uri: str) -> list[RequestRecord]:
        """Return the records of one document, newest first."""
        return [record for record in reversed(self._records) if record.uri == uri]
