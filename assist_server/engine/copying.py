"""Believing what the text itself says.

Where the newest tokens stood before, what followed them then is likely to follow again: the more
tokens agree, the likelier. A small model knows the language better than the file, and gives such a
token too little. How likely it really is was measured once for a model, and comes with it as a few
weights, as `copy_rule.json` in its folder; the model's distribution is changed in that one token,
and all others share what is left as before.

Source: a cache of the past beside a model (Grave, Joulin and Usunier, "Improving Neural Language
Models with a Continuous Cache", 2017); mixed by odds, not by shares, as a copy that the model
itself finds likely is more often right than one that it does not.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import torch

from assist_server.engine.token_text import TokenText
from assist_server.errors import ModelError

_LONGEST_MATCH = 16
BIAS, LOG_MATCH, LOG_ODDS = "bias", "log_match_tokens", "log_odds"


@dataclass(frozen=True)
class Copy:
    """What followed the newest tokens before, and how many of them stood there."""

    token_id: int
    match_tokens: int


class CopyRule:
    """How likely a copy is right, from the length of its match and the model's own opinion."""

    def __init__(self, weights: Mapping[str, float], never: Collection[int] = ()) -> None:
        """Take weights as `assist-server calibrate --copies` writes them.

        Args:
            weights: Of `BIAS`, `LOG_MATCH` and `LOG_ODDS`.
            never: Tokens that are no text, and are not copied.

        Raises:
            ModelError: one is missing.
        """
        try:
            self._weights = weights[BIAS], weights[LOG_MATCH], weights[LOG_ODDS]
        except KeyError as error:
            raise ModelError(
                f"the rule of copies lacks the weight {error}; write it anew with "
                "`assist-server calibrate --copies`"
            ) from error
        self._never = never

    def copier(self, prompt_ids: Sequence[int]) -> "Copier":
        """What looks up copies for one generation."""
        return Copier(prompt_ids, self._never)

    @torch.inference_mode()
    def applied(self, logits: torch.Tensor, copies: Sequence[Copy | None]) -> torch.Tensor:
        """Logits [rows, vocabulary] in which each row's copy is as likely as it was measured to be.

        The logits that are given are changed as well.
        """
        logits = logits.float()
        bias, log_match, own_odds = self._weights
        for row, copy in enumerate(copies):
            if copy is not None:
                log_odds, beside = odds_of(logits[row], copy.token_id)
                odds = bias + log_match * math.log(copy.match_tokens) + own_odds * log_odds
                logits[row, copy.token_id] = beside + odds
        return logits


def odds_of(row: torch.Tensor, token_id: int) -> tuple[float, float]:
    """The logarithm of a token's odds in a row of logits, and of the weight of all others.

    One row at a time and without logsumexp, whose parts torch spreads over threads that a step of a
    small model must not wake.
    """
    own = row[token_id].item()
    others = row.index_fill(0, torch.tensor(token_id, device=row.device), -torch.inf)
    best = others.argmax()
    beside = (others[best] - others.log_softmax(-1)[best]).item()
    return own - beside, beside


class Copier:
    """Looks up what may be copied, a token at a time."""

    def __init__(self, prompt_ids: Sequence[int], never: Collection[int] = ()) -> None:
        """Copy from a prompt, and from what is added to it, but none of the tokens `never`."""
        self._text = TokenText(prompt_ids)
        self._never = never

    def add(self, ids: Sequence[int]) -> None:
        """Take in tokens of the text."""
        self._text.add(ids)

    def copies(self, draft: Sequence[int] = ()) -> list[Copy | None]:
        """What may follow the text, and what each token of a draft behind it."""
        known = len(self._text)
        found = [self._copy()]
        for token_id in draft:
            self._text.add([token_id])
            found.append(self._copy())
        self._text.truncate(known)
        return found

    def _copy(self) -> Copy | None:
        """What followed the longest match, and of several as long ones the last."""
        found, wanted = None, 1
        while wanted <= _LONGEST_MATCH and (place := self._text.last_place(wanted)) is not None:
            token_id = self._text.at(place + wanted)
            wanted = self._agreeing(place, wanted)
            if token_id not in self._never:
                found = Copy(token_id, wanted)
            wanted += 1
        return found

    def _agreeing(self, place: int, count: int) -> int:
        """How many tokens agree in all where the newest `count` stood at a place, up to a limit."""
        newest = len(self._text) - count
        more = 0
        while (
            count + more < _LONGEST_MATCH
            and more < place
            and self._text.at(place - more - 1) == self._text.at(newest - more - 1)
        ):
            more += 1
        return count + more
