"""Finding out how often a copy is right: the weights of `engine.copying`, and what they gain."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from assist_server.engine.copying import BIAS, LOG_MATCH, LOG_ODDS, Copier, odds_of
from assist_server.evaluation.calibrating import Example, fit
from assist_server.evaluation.places import Source
from assist_server.evaluation.reading import Reader, Reading

_LEAST_EXAMPLES = 1000
_PIECE_CHARS = 4_000


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
    model: str, sources: Sequence[Source], pieces: int, seed: int
) -> Iterator[list[CopyExample]]:
    """The tokens of a piece of each of some files, for which there was a copy.

    Raises:
        ModelError: nothing loadable is there.
    """
    reader = Reader(model)
    never = {*reader.codec.special_ids.values(), *reader.codec.end_ids}
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    for source in draw.sample(sources, min(pieces, len(sources))):
        start = draw.randrange(max(1, len(source.text) - _PIECE_CHARS))
        piece = Source(source.path, source.text[start : start + _PIECE_CHARS])
        yield [one for reading in reader.read(piece) for one in _examples(reading, never)]


def _examples(reading: Reading, never: set[int]) -> Iterator[CopyExample]:
    copier = Copier(reading.before, never)
    for token_id, log_probs in zip(reading.ids, reading.log_probs, strict=True):
        (copy,) = copier.copies()
        if copy is not None:
            log_odds, log_rest = odds_of(log_probs[None], torch.tensor([copy.token_id]))
            signals = {
                BIAS: 1.0,
                LOG_MATCH: math.log(copy.match_tokens),
                LOG_ODDS: float(log_odds),
            }
            is_right = copy.token_id == token_id
            yield CopyExample(signals, is_right, float(log_probs[token_id]), float(log_rest))
        copier.add([token_id])


def calibrate_copies(groups: Sequence[Sequence[CopyExample]]) -> CopyCalibration | None:
    """Fit to all groups; the gain is of each half by weights that were fitted to the other.

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
