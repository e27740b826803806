"""Finding out how often a copy is right: the weights of `engine.copying`, and what they gain."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend
from assist_server.engine.copying import BIAS, LOG_MATCH, LOG_ODDS, Copier, odds_of
from assist_server.engine.healing import cut_back
from assist_server.engine.request import CancelToken
from assist_server.evaluation.calibrating import Example, fit
from assist_server.evaluation.places import Place
from assist_server.evaluation.reading import Reader, Reading
from assist_server.features.inline_completion import build_request
from assist_server.settings import Settings

_LEAST_EXAMPLES = 500


@dataclass(frozen=True)
class CopyExample:
    """A token of a file, for which there was a copy."""

    signals: Mapping[str, float]
    is_right: bool
    """Whether the copy is the token."""
    log_prob: float
    """The model's, of the token."""
    log_rest: float
    """The model's, of all tokens but the copy together."""

    def gain(self, weights: Mapping[str, float]) -> float:
        """How much likelier the token is by the rule than by the model alone, in nats."""
        odds = sum(weight * self.signals[name] for name, weight in weights.items())
        if self.is_right:
            return -math.log1p(math.exp(-odds)) - self.log_prob
        return -math.log1p(math.exp(odds)) - self.log_rest


@dataclass(frozen=True)
class CopyCalibration:
    """Weights, and what they are worth on text that they were not fitted to."""

    weights: Mapping[str, float]
    tokens: int
    """With a copy."""
    right: int
    gained_nats: float
    """A token with a copy is so much likelier, on average."""


def copy_examples(
    place: Place, backend: Backend, reader: Reader, settings: Settings
) -> Iterator[CopyExample]:
    """The missing tokens of a place for which there was a copy, behind the product's own prompt.

    Args:
        place: Where something is missing.
        backend: Makes the prompt.
        reader: The same model, asked token by token.
        settings: All settings.
    """
    snapshot = Snapshot(f"file:///{place.path}", place.path, place.before + place.behind)
    context = CursorContext(snapshot, place.start, "always", "", "")
    request = build_request(context, backend, settings, CancelToken())
    prompt_ids, cut_off = cut_back(reader.trie, request.prompt_ids, request.healed_text)
    wanted = cut_off.decode() + place.missing
    never = {*reader.codec.special_ids.values(), *reader.codec.end_ids}
    for reading in reader.read_behind(list(prompt_ids), wanted, request.max_new_tokens):
        yield from _examples(reading, never)


def _examples(reading: Reading, never: Collection[int]) -> Iterator[CopyExample]:
    copier = Copier(reading.before, never)
    for token_id, log_probs in zip(reading.ids, reading.log_probs, strict=True):
        (copy,) = copier.copies()
        if copy is not None:
            log_odds, log_rest = odds_of(log_probs, copy.token_id)
            signals = {
                BIAS: 1.0,
                LOG_MATCH: math.log(copy.match_tokens),
                LOG_ODDS: log_odds,
            }
            is_right = copy.token_id == token_id
            yield CopyExample(signals, is_right, float(log_probs[token_id]), log_rest)
        copier.add([token_id])


def calibrate_copies(groups: Sequence[Sequence[CopyExample]]) -> CopyCalibration | None:
    """Fit to all groups; the gain is of each half by weights that were fitted to the other.

    Those of one file belong together, as they know much of each other.

    None where there is too little to learn from.
    """
    halves = [[example for group in groups[start::2] for example in group] for start in (0, 1)]
    everything = [*halves[0], *halves[1]]
    if len(everything) < _LEAST_EXAMPLES or not all(halves):
        return None
    gains = [
        example.gain(weights)
        for fitted, asked in ((halves[0], halves[1]), (halves[1], halves[0]))
        for weights in [_fitted(fitted)]
        for example in asked
    ]
    weights = {name: round(weight, 4) for name, weight in _fitted(everything).items()}
    right = sum(example.is_right for example in everything)
    return CopyCalibration(weights, len(everything), right, round(sum(gains) / len(gains), 4))


def _fitted(examples: Sequence[CopyExample]) -> dict[str, float]:
    return fit([Example(example.signals, example.is_right) for example in examples])
