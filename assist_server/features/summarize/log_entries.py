"""Entries of logs: their time, level and message in the usual formats."""

import json
import re
from dataclasses import dataclass
from typing import Any

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?"
_ZONE = r"(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d)\b)?"
_TIME = re.compile(
    rf"""(?:[A-Za-z][\w./-]{{0,40}}:?\s)?[\[(]?(
      \d{{4}}[-/.]\d\d[-/.]\d\d[T\s_]{{1,2}}{_CLOCK}{_ZONE}            # 2024-05-01T12:00:00Z
    | (?:{_MONTHS})\s{{1,2}}\d{{1,2}}\s(?:\d{{4}}\s)?{_CLOCK}          # May  1 12:00:00
    | (?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s)(?:{_MONTHS})\s{{1,2}}\d{{1,2}}\s{_CLOCK}(?:\s\d{{4}})?
    | \d{{1,2}}/(?:{_MONTHS})/\d{{4}}[:\s]{_CLOCK}{_ZONE}              # 10/Oct/2000:13:55:36 -0700
    | \d\d[-/.]\d\d[-/.]\d{{4}}\s{_CLOCK}
    | \d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?                                 # the time of day only
    | \s{{0,8}}\d{{1,10}}\.\d{{6}}(?=\])                               # seconds since the start
    )[\])]?[\s:,|-]*""",
    re.VERBOSE,
)
_GLOG = re.compile(rf"([IWEF])(\d{{4}}\s{_CLOCK})\s+\d+\s\S+\]\s")
_ACCESS = re.compile(
    r"(?P<host>\S{1,200}) \S{1,100} \S{1,100} \[(?P<time>[^\]]{10,40})\] "
    r'"(?P<request>[^"]{0,2000})" (?P<status>\d{3}) (?:\d+|-)'
)
_LEVEL = re.compile(
    r"""
      (?<![\w/.-])(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|FATAL|ALERT
        |EMERG|PANIC|SEVERE|FAILED)(?![\w/.-])
    | \[(?:\w{1,40}:)?((?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal
        |alert|emerg))\]
    | \b(?:level|lvl|severity)[=:]\s?"?(\w+)
    | ^(?:\S{1,80}\s)?((?i:trace|debug|info|notice|warn(?:ing)?|error|critical|fatal))
        (?:\s\w{1,40})?:\s
    | ^\d{1,9}\s(silly|verbose|info|http|timing|notice|warn|error)\s     # npm's debug log
    | ^npm\s((?i:warn|err!|error|notice|info|verb))(?!\w)
    """,
    re.VERBOSE,
)
_PLAIN_WORD = re.compile(r"(?:^|[\s(:])(?:error|fatal|failed|failure|panic)\b(?=:)", re.IGNORECASE)
_LEVELS = {
    "trace": "debug",
    "debug": "debug",
    **dict.fromkeys(["verb", "verbose", "silly", "http", "timing"], "debug"),
    "info": "info",
    "notice": "info",
    "warn": "warning",
    "warning": "warning",
    **dict.fromkeys(
        [
            "err",
            "err!",
            "error",
            "crit",
            "critical",
            "fatal",
            "alert",
            "emerg",
            "panic",
            "severe",
            "failed",
        ],
        "error",
    ),
}
_HOST_AND_PROCESS = re.compile(r"(?:[\w.-]{1,64}\s)?[\w./@()-]{1,64}(?:\[\d+\])?:\s")
_FIELDS = {
    "time": ("time", "timestamp", "@timestamp", "ts", "date", "datetime"),
    "level": ("level", "severity", "lvl", "loglevel", "levelname"),
    "message": ("message", "msg", "event", "error", "log"),
}
_NUMBERED = {10: "debug", 20: "debug", 30: "info", 40: "warning", 50: "error", 60: "error"}
"""Levels of pino and bunyan."""


@dataclass(frozen=True)
class Entry:
    """An entry of a log."""

    time: str
    """As written; empty if it has none."""
    level: str
    """`error`, `warning`, `info`, `debug`, or empty."""
    message: str


def read_entry(line: str) -> Entry | None:
    """Return the entry that a line begins; None for a line that continues one."""
    if line.startswith("{"):
        return _json_entry(line)
    if access := _ACCESS.match(line):
        status = access["status"]
        level = "error" if status[0] == "5" else "warning" if status[0] == "4" else "info"
        return Entry(access["time"], level, f"{access['request']} {status}")
    if glog := _GLOG.match(line):
        level = {"I": "info", "W": "warning"}.get(glog[1], "error")
        return Entry(glog[2], level, line[glog.end() :])
    time = _TIME.match(line)
    rest = line[time.end() :] if time else line
    named = _LEVEL.search(rest[:160])
    if time and not rest.strip():
        return Entry(time[1].strip(), "", line)
    if time is None and (named is None or named.start() > 2):
        return None
    return Entry(time[1].strip() if time else "", _level(named, rest), _message(named, rest))


def _level(found: re.Match[str] | None, rest: str) -> str:
    name = next(filter(None, found.groups()), "").lower() if found else ""
    if not name or name not in _LEVELS:
        return "error" if _PLAIN_WORD.search(rest[:160]) else ""
    return _LEVELS[name]


def _message(level: re.Match[str] | None, rest: str) -> str:
    """Return what follows the level, or the name of the process."""
    if level and (level[1] or level[2] or level[4] or level[5] or level[6]) and level.end() < 80:
        return rest[level.end() :].lstrip(" ]:|-\t") or rest
    if process := _HOST_AND_PROCESS.match(rest):
        return rest[process.end() :] or rest
    return rest


def _json_entry(line: str) -> Entry | None:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    time, level, message = (_first(fields, names) for names in _FIELDS.values())
    if isinstance(level, int):
        level = _NUMBERED.get(level, "")
    known = _LEVELS.get(str(level).lower(), "")
    if message is None or (time is None and not known):
        return None
    return Entry("" if time is None else str(time), known, str(message))


def _first(fields: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)
