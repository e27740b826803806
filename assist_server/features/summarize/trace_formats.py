"""Stack traces of several languages: exceptions, their frames, and which frames are one's own."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Frame:
    """One call of a stack trace."""

    function: str
    file: str
    file_line: str
    line: int
    """Number of the line in the document."""
    is_own: bool
    """Whether it is code of the program, not of the language or a library."""


@dataclass
class Raised:
    """An exception, panic or signal, with its frames in the order of the text."""

    what: str
    line: int
    frames: list[Frame] = field(default_factory=list)
    is_newest_first: bool = True

    @property
    def origin(self) -> Frame | None:
        """Return the innermost frame of one's own code, else the innermost one."""
        frames = self.frames if self.is_newest_first else self.frames[::-1]
        own = (frame for frame in frames if frame.is_own)
        return next(own, next(iter(frames), None))


@dataclass(frozen=True)
class _Format:
    raised: re.Pattern[str]
    """The exception; its group `what` is the name and message."""
    frame: re.Pattern[str]
    """A call; groups `function`, `file` and `number`, all but one optional."""
    foreign: re.Pattern[str]
    """Matches the function and file of a frame that is not one's own code."""


_LIBRARIES = r"site-packages|dist-packages|/lib/python\d|<frozen |/usr/(?:lib|include)"
PYTHON_HEAD = re.compile(r"(?P<indent>[\s|+-]*)Traceback \(most recent call last\):")
_PYTHON_FRAME = re.compile(
    r'[\s|]*File "(?P<file>[^"]*)", line (?P<number>\d+)(?:, in (?P<function>.*))?$'
)
_PYTHON_RAISED = re.compile(r"[\s|]*(?P<what>[A-Za-z_][\w.]*(?:: .*|:)?)$")
_PYTHON_FOREIGN = re.compile(_LIBRARIES)

_FORMATS = {
    "JavaScript": _Format(
        re.compile(
            r"\s*(?:Uncaught |\[cause\]: |Caused by: |\[|.{0,3}Unhandled .{0,80}?)?"
            r"(?P<what>(?:[A-Z]\w*(?:Error|Exception)|Error)(?: \[\w+\])?(?:: .*)?)$"
        ),
        re.compile(
            r"\s+at (?:async )?(?:(?P<function>[^()]{1,300}?) )?"
            r"\(?(?P<file>(?:file:///|https?://|node:|[A-Za-z]:\\|webpack:///?)?[^()\s:]{1,500})"
            r":(?P<number>\d+):\d+\)?,?(?:\s\{)?$"
        ),
        re.compile(r"node_modules|node:|(?:^|\s)internal/|<anonymous>|\[eval\]-wrapper"),
    ),
    "Java": _Format(
        re.compile(
            r'\s*(?:Exception in thread "[^"]{0,200}" |Caused by: |Suppressed: )?'
            r"(?P<what>(?:[a-z_]\w*\.)+[A-Z][\w$]*(?:: .*)?)$"
        ),
        re.compile(
            r"\s+at (?:[\w.@-]+/)*(?P<function>[\w.$<>/]{1,400})"
            r"\((?:(?P<file>[\w.$-]+)(?::(?P<number>\d+))?|Native Method|Unknown Source)\)"
        ),
        re.compile(
            r"^(?:javax?|jdk|sun|com\.sun|kotlinx?|scala|groovy|clojure|androidx?|dalvik|reactor"
            r"|okhttp3|retrofit2|lombok|ch\.qos|net\.bytebuddy|com\.(?:google|fasterxml|mysql|zaxxer)"
            r"|io\.(?:netty|grpc|micrometer|undertow|vertx|quarkus)|org\.(?:springframework|apache"
            r"|junit|hibernate|gradle|eclipse|jetbrains|postgresql|slf4j|mockito|assertj|h2))\."
        ),
    ),
    "Go": _Format(
        re.compile(r"(?P<what>(?:panic|fatal error): .*)$"),
        re.compile(r"\s+(?P<file>\S{1,500}\.(?:go|s)):(?P<number>\d+)(?: \+0x[0-9a-f]+)?$"),
        re.compile(
            r"^(?:created by )?(?:runtime|testing|net/http|reflect|panic)[.(]"
            r"|/pkg/mod/|/go/src/|/libexec/src/"
        ),
    ),
    "Rust": _Format(
        re.compile(r"thread '[^']{0,200}'(?: \(\d+\))? panicked at (?P<what>.*)$"),
        re.compile(r"\s+at (?P<file>\S{1,500}\.\w+):(?P<number>\d+)(?::\d+)?$"),
        re.compile(
            r"/rustc/|\.cargo/registry|^(?:std|core|alloc|rust_begin_unwind)\b"
            r"|<?core::|<?std::"
        ),
    ),
    "C++": _Format(
        re.compile(
            r"(?:=+\d+=+\s?)?(?P<what>(?:ERROR: \w+Sanitizer|Program received signal"
            r"|Thread .{0,80} received signal|Program terminated with signal"
            r"|terminate called after throwing).*)$"
        ),
        re.compile(
            r"\s*#\d+ +(?:0x[0-9a-f]+ )?(?:in )?(?P<function>[^\s(][^(]{0,300}?)?"
            r"(?: ?\(.{0,400}?\))?(?: const)?"
            r"(?: (?:at |from )?(?P<file>/?[\w.~+/-]{1,400})(?::(?P<number>\d+))?(?::\d+)?)?$"
        ),
        re.compile(
            r"/usr/|/lib(?:64)?/|sysdeps|libasan|__interceptor|^_start|^__|^std::"
            r"|\braise\b|\babort\b"
        ),
    ),
}
_WITH_FUNCTION_ABOVE = {
    "Go": re.compile(
        r"(?P<function>(?:created by )?[\w./*()\[\]{}-]{1,300}?)(?:\([^()]*\))?"
        r"(?: in goroutine \d+)?$"
    ),
    "Rust": re.compile(r"\s+\d+:\s+(?:0x[0-9a-f]+ - )?(?P<function>\S.{0,300})$"),
}
"""Languages that write a frame in two lines: the function above the file."""


_OTHER_THREAD = re.compile(r"\s*#0 ")


def language_of(lines: Iterable[str]) -> str | None:
    """Return the language of the stack trace in some lines; None if there is none."""
    raised: set[str] = set()
    after_head = False
    for line in lines:
        if PYTHON_HEAD.match(line):
            after_head = True
        if after_head and _PYTHON_FRAME.match(line):
            return "Python"
        for name, format_ in _FORMATS.items():
            if name in raised or name == "C++":
                frame = format_.frame.match(line)
                if frame and (name in raised or _is_native(line)):
                    return name
            if format_.raised.match(line):
                raised.add(name)
    return next(iter(raised - {"JavaScript", "Java"}), None)


def _is_native(line: str) -> bool:
    return (
        re.match(r"\s*#\d+ +(?:0x[0-9a-f]+ in )?\w[^(]{0,200}\(.*\) (?:at|from) ", line) is not None
    )


def read_traces(lines: Iterable[tuple[int, str]], language: str) -> list[Raised]:
    """Return the exceptions of a stack trace in the order of the text."""
    found = _read_python(lines) if language == "Python" else _read(lines, language)
    return list(found)


def _read_python(lines: Iterable[tuple[int, str]]) -> Iterator[Raised]:
    frames: list[Frame] = []
    for number, line in lines:
        if PYTHON_HEAD.match(line):
            frames = []
        elif frame := _PYTHON_FRAME.match(line):
            is_own = not _PYTHON_FOREIGN.search(frame["file"])
            name = frame["function"] or ""
            frames.append(Frame(name, frame["file"], frame["number"], number, is_own))
        elif frames and not line.startswith("    ") and (raised := _PYTHON_RAISED.match(line)):
            yield Raised(raised["what"].rstrip(": "), number, frames, is_newest_first=False)
            frames = []
    if frames:  # the selection ends before the exception
        yield Raised("", frames[0].line, frames, is_newest_first=False)


def _read(lines: Iterable[tuple[int, str]], language: str) -> Iterator[Raised]:
    format_, above = _FORMATS[language], _WITH_FUNCTION_ABOVE.get(language)
    current: Raised | None = None
    function, wants_message = "", False
    for number, line in lines:
        if raised := format_.raised.match(line):
            if current:
                yield current
            current = Raised(raised["what"].strip(), number)
            wants_message = language == "Rust" and current.what.endswith(":")
        elif wants_message and current and line.strip():
            current.what, wants_message = line.strip(), False
        elif frame := format_.frame.match(line):
            fields = frame.groupdict()
            name = (fields.get("function") or function).strip()
            file, file_line = fields["file"] or "", fields["number"] or ""
            is_own = not (format_.foreign.search(name) or format_.foreign.search(file))
            current = current or Raised("", number)
            if current.frames and _OTHER_THREAD.match(line):
                break  # where memory was freed, or another thread
            current.frames.append(Frame(name, file, file_line, number, is_own))
        elif above and (name_above := above.match(line)):
            function = name_above["function"].removeprefix("created by ")
    if current:
        yield current
