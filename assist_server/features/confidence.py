"""Confidence of a completion: how likely it is right, by a calibration of the model.

A calibration gives each signal a weight; their weighted sum is the logarithm of the odds that the
first line is what the user was going to write (logistic regression). It comes with the model, as
`calibration.json` in its folder; `assist-server calibrate` writes it.
"""

import math
from collections.abc import Mapping, Sequence

from assist_server.context.cursor import CursorContext

_MIN_LOG_PROB = -20.0
"""An infinite one would decide alone."""


def signals(context: CursorContext, text: str, log_probs: Sequence[float]) -> dict[str, float]:
    """Return what is known of a completion when it has to be decided whether to show it.

    Args:
        context: Where it is proposed.
        text: What is proposed.
        log_probs: Natural log-probabilities of the tokens that the model wrote, at least one.
    """
    kept = [max(log_prob, _MIN_LOG_PROB) for log_prob in log_probs]
    prefix = context.line_prefix
    line = text.partition("\n")[0]
    return {
        "bias": 1.0,
        "mean_log_prob": sum(kept) / len(kept),
        "lowest_log_prob": min(kept),
        "first_log_prob": kept[0],
        "log_tokens": math.log(len(kept)),
        "log_chars": math.log(1 + len(line)),
        "is_several_lines": float("\n" in text),
        "begins_line": float(not prefix.strip()),
        "is_behind_word": float(prefix[-1:].isalnum() or prefix[-1:] == "_"),
        "is_behind_blank": float(prefix[-1:].isspace() and bool(prefix.strip())),
        "has_text_behind": float(bool(context.line_suffix.strip())),
    }


def confidence(calibration: Mapping[str, float], found: Mapping[str, float]) -> float:
    """Return the probability that the first line is right, by the signals that have a weight."""
    log_odds = sum(weight * found.get(name, 0.0) for name, weight in calibration.items())
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))
