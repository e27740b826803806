"""Words in names: splitting, verbs, and a little English grammar."""

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[^\W\dA-Z_]+\d*|\d+|[^\W_]+")
_VERB_LIST = """
accept acquire activate add adjust advance align allocate allow analyze append apply approve archive
assemble assert assign attach authenticate await backup batch begin bind block broadcast build bump
cache calculate call cancel capture cast change check choose clamp clean cleanup clear click clip
clone close collapse collect combine commit compact compare compile complete compose compress
compute concatenate configure confirm connect consume contain convert copy count create crop cut
decode decorate decrypt deduplicate define delete deliver deploy derive describe deserialize destroy
detach detect determine diff disable discard disconnect discover dispatch display dispose divide do
download drain draw drop dump duplicate edit eject emit enable encode encrypt end enqueue ensure
enter enumerate erase escape establish estimate evaluate examine exchange exclude execute exit
expand expect explain export expose extend extract fail feed fetch fill filter finalize find finish
fit fix flatten flip flush focus fold follow forget fork format forward free freeze gather generate
get give grab grant group grow guess halt handle hash hide identify ignore import include increment
indent infer inform inherit init initialize inject insert inspect install instantiate interpolate
intersect invalidate invert invoke isolate iterate join jump keep kill launch lex limit link list
listen load locate lock log lookup lower maintain make map mark mask match measure merge migrate
minimize mock modify monitor mount move multiply mutate name navigate negate normalize notify
observe obtain offer open optimize order overwrite pack pad paint parse partition paste patch pause
peek perform persist pick ping play plot poll pop populate post predict prepare prepend preprocess
present press prevent print process produce profile prompt propagate protect provide prune publish
pull purge push put query queue quit quote raise randomize rank reach read rebuild receive recompute
reconnect record recover recurse redirect reduce refine refresh register reject release reload remap
remove rename render repeat replace reply report request require reset resize resolve respond
restart restore restrict resume retrieve retry return reverse revert revoke rewrite rotate round
route run sample sanitize save scale scan schedule score scroll search seek select send serialize
serve set setup shift show shrink shuffle shutdown sign simplify simulate skip sleep slice solve
sort spawn specify split spread start stop store stream strip submit subscribe subtract suggest sum
summarize suppress suspend swap switch sync synchronize take tear terminate test throw toggle
tokenize touch trace track train transfer transform translate transpose traverse trigger trim
truncate try tune turn undo uninstall unite unlink unload unlock unpack unquote unregister unset
unsubscribe unwrap update upgrade upload use validate verify visit wait walk warn wrap write yield
zip
"""
# First words of function names that say what the function does.
_VERBS = frozenset(_VERB_LIST.split())
_UNITS = {
    "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "s": "seconds",
    "secs": "seconds", "seconds": "seconds", "minutes": "minutes", "hours": "hours", "days": "days",
    "bytes": "bytes", "kb": "kilobytes", "mb": "megabytes", "px": "pixels", "hz": "hertz",
    "chars": "characters", "percent": "percent", "degrees": "degrees", "meters": "meters",
}  # fmt: skip
_FULL_FORMS = {
    "idx": "index", "num": "number", "cfg": "configuration", "config": "configuration",
    "ctx": "context", "msg": "message", "buf": "buffer", "cb": "callback", "fn": "function",
    "func": "function", "param": "parameter", "params": "parameters", "args": "arguments",
    "kwargs": "keyword arguments", "dir": "directory", "src": "source", "dst": "destination",
    "dest": "destination", "tmp": "temporary value", "val": "value", "vals": "values",
    "str": "string", "len": "length", "err": "error", "req": "request", "res": "result",
    "resp": "response", "attr": "attribute", "attrs": "attributes", "elem": "element",
    "conn": "connection", "db": "database", "pos": "position", "prev": "previous",
    "cur": "current", "curr": "current", "info": "information", "spec": "specification",
    "env": "environment", "obj": "object", "cls": "class", "opts": "options", "opt": "option",
    "ptr": "pointer", "addr": "address", "doc": "document", "docs": "documents",
    "url": "URL", "uri": "URI", "json": "JSON", "xml": "XML", "html": "HTML", "http": "HTTP",
    "id": "identifier", "ids": "identifiers", "io": "I/O", "cpu": "CPU", "gpu": "GPU",
    "csv": "CSV", "sql": "SQL", "utf8": "UTF-8", "ascii": "ASCII", "api": "API", "ip": "IP",
}  # fmt: skip


def split_name(name: str) -> list[str]:
    """Return the words of an identifier, in lower case except acronyms."""
    words = _WORD.findall(name)
    return [
        word if len(word) > 1 and word.isupper() and len(words) > 1 else word.lower()
        for word in words
    ]


def spell_out(words: list[str]) -> str:
    """Return words as prose, with common abbreviations in full."""
    return " ".join(_FULL_FORMS.get(word.lower(), word) for word in words)


def is_verb(word: str) -> bool:
    """Return whether a word usually says what a function does."""
    return word.lower() in _VERBS


def unit_of(words: list[str]) -> str | None:
    """Return the unit in the last word of a name, in full; None if it is not a unit."""
    return _UNITS.get(words[-1].lower()) if len(words) > 1 else None


def third_person(verb: str) -> str:
    """Return the third person of a verb: returns, matches, copies."""
    if verb in {"do", "go"} or verb.endswith(("s", "sh", "ch", "x", "z")):
        return verb + "es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def with_article(noun: str) -> str:
    """Return a noun with `a` or `an`, by its first letter, or that letter's name in an acronym."""
    if noun[:2].isupper():
        return f"an {noun}" if noun[0] in "AEFHILMNORSX" else f"a {noun}"
    starts_with_vowel = noun[:1].lower() in "aeio" or noun.lower().startswith(("un", "up", "ur"))
    return f"an {noun}" if starts_with_vowel else f"a {noun}"
