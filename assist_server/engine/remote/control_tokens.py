"""Control tokens that a vocabulary is searched for, as a server does not list its own.

A test keeps them complete for the templates in `prompts/fim`, which this package may not import.
"""

CONTROL_TOKENS = (
    *("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>"),
    *("<|file_sep|>", "<|repo_name|>", "<|file_separator|>"),
    *("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>"),
    *("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    *("<file_sep>", "<repo_name>", "<filename>", "<reponame>"),
    *("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
    *("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<|EOT|>"),
    *("▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>"),
    *("[SUFFIX]", "[PREFIX]"),
    *("<[fim-suffix]>", "<[fim-prefix]>", "<[fim-middle]>"),
    *("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>", "<|user|>"),
    *("<|prefix|>", "<|suffix|>", "<|middle|>"),
    *("<|mask:0|>", "<|mask:1|>", "<|endofmask|>"),
)
