"""Files that are not Python, for tests of editors with a model that knows Python only."""

CALL = "alpha(beta, gamma)"
"""What the model writes."""
NOTHING_KNOWN = "the model does not know this language"
"""Why nothing is proposed there unasked."""
SWITCHED_OFF = "switched off here by the setting completion.languages"
"""Why nothing is proposed where the user wants nothing."""
ELSEWHERE = {
    "COMMIT_EDITMSG": "Say it in words\n\n",
    "README.md": "# Notes\n\nSome words.\n",
    "code.js": "const x = 1;\n",
}
