"""A text as a comment of a program: where it may stand, how it is written, and that it is one."""
