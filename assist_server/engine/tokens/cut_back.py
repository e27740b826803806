"""The token in which a word at the end of a prompt begins."""

from collections.abc import Callable, Sequence


def cut_back(
    bytes_of: Callable[[int], bytes], prompt_ids: Sequence[int], typed: str
) -> tuple[tuple[int, ...], bytes]:
    """Cut a prompt back to the token in which the word at its end begins.

    The token may contain more than the word: most vocabularies join a blank to the word after it,
    and a prompt that ends in the blank alone is as unusual as half a word.

    Args:
        bytes_of: Returns the bytes of a token; empty for control and unknown tokens.
        prompt_ids: The prompt.
        typed: The beginning of the word.

    Returns:
        The rest of the prompt, and the bytes that were cut off, which are whole characters.
        Nothing is cut off if the prompt does not end in the word, as with a control token after
        it, or if nothing would be left.
    """
    wanted = typed.encode("utf-8", "replace")  # as in `TokenCodec`
    cut, cut_off = len(prompt_ids), b""
    while len(cut_off) < len(wanted) or _is_inside_character(cut_off):
        cut -= 1
        token = bytes_of(prompt_ids[cut]) if cut > 0 else b""
        if not token:
            return tuple(prompt_ids), b""
        cut_off = token + cut_off
    if not cut_off.endswith(wanted):
        return tuple(prompt_ids), b""
    return tuple(prompt_ids[:cut]), cut_off


def _is_inside_character(encoded: bytes) -> bool:
    return bool(encoded) and encoded[0] & 0b1100_0000 == 0b1000_0000  # a UTF-8 continuation byte
