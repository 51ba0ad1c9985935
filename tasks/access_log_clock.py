"""The time of an access log line, in whatever way a LogFormat or log_format spells it.

https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats (`%t`, `%{format}t`) and
https://man7.org/linux/man-pages/man3/strftime.3.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.errors import ConfigurationError
from warehouse.connection import quoted

# The codes of strftime that DuckDB can read back, with what each writes; the long ones stand for several.
_CODES = {
    "Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{2}", "d": "[0-9]{2}", "e": "[ 0-9][0-9]", "j": "[0-9]{3}",
    "b": "[A-Za-z]+", "B": "[A-Za-z]+", "a": "[A-Za-z]+", "A": "[A-Za-z]+", "H": "[0-9]{2}", "I": "[0-9]{2}",
    "M": "[0-9]{2}", "S": "[0-9]{2}", "p": "[A-Za-z]{2}", "z": "[+-][0-9]{4}",
}  # fmt: skip
_LONG = {
    "T": "%H:%M:%S", "R": "%H:%M", "F": "%Y-%m-%d", "D": "%m/%d/%y", "r": "%I:%M:%S %p", "h": "%b", "n": " ", "t": "\t",
}  # fmt: skip
_PATTERNS = {
    "clf": r"[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}",
    "iso": r"\S+", "epoch": "[0-9.]+", "fraction": "[0-9]+",
}  # fmt: skip
ALLOWED = "%t, %{..}t with a day and a time, $time_local, $time_iso8601, $msec"


@dataclass(frozen=True, slots=True)
class Field:
    """A directive or variable: what it is called, and the column that it fills or the kind of its time.

    Of several for one column that of the lowest rank counts. Without column and time it is read and left out.
    """

    name: str
    column: str = ""
    rank: int = 0
    time: str = ""
    """clf, clf_in_brackets, iso, epoch, fraction (of a second) or clock."""
    clock: str = ""
    """The text of `%{..}t`, without begin: and end:."""


def literal(text: str) -> str:
    """Return a pattern of RE2 for a text."""
    # "@" in brackets, so that no format can look like the start of a section of SQL.
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text).replace("@", "[@]")


def apache_time(argument: str) -> Field:
    """Return the field of `%{argument}t`.

    Raises:
        ConfigurationError: it has a code that can't be read back.
    """
    clock = argument.removeprefix("begin:").removeprefix("end:")
    name = f"%{{{argument}}}t" if argument else "%t"
    if not clock:
        return Field(name, time="clf_in_brackets")
    if clock in ("sec", "msec", "usec", "%s"):
        return Field(name, time="epoch", clock=clock)
    if clock in ("msec_frac", "usec_frac"):
        return Field(name, time="fraction", clock=clock)
    for code in re.findall(r"%(.)", clock):
        if code not in "%Z" and code not in _CODES and code not in _LONG:
            allowed = " ".join(f"%{known}" for known in sorted({*_CODES, *_LONG, "Z", "%"}))
            raise ConfigurationError(
                f"The log_format has {name}, and %{code} in it can't be read back; allowed: {allowed}, "
                "and sec, msec, usec, msec_frac, usec_frac, %s alone."
            )
    return Field(name, time="clock", clock=re.sub(r"%([TRFDrhnt])", lambda found: _LONG[found.group(1)], clock))


def times_of(fields: Sequence[Field]) -> list[Field]:
    """Return the fields that make the time, in order: Unix time before any other; of begin and end the first side.

    Raises:
        ConfigurationError: there is no time, or it has no day or no hour.
    """
    fractions = [field for field in fields if field.time == "fraction"][:1]
    for kind in ("epoch", "clf", "clf_in_brackets", "iso"):
        first = next((field for field in fields if field.time == kind), None)
        if first:
            return [first, *(fractions if first.clock in ("sec", "%s") else [])]
    clocks = [field for field in fields if field.time == "clock"]
    if not clocks:
        raise ConfigurationError(f"The log_format has no time; allowed: {ALLOWED}.")
    is_end = clocks[0].name.startswith("%{end:")
    clocks = [field for field in clocks if field.name.startswith("%{end:") == is_end]
    codes = {code for field in clocks for code in re.findall(r"%(.)", field.clock)}
    has_month = codes & {"m", "b", "B"} and codes & {"d", "e"}
    if not (codes & {"Y", "y"} and (has_month or "j" in codes) and codes & {"H", "I"} and "M" in codes):
        names = " ".join(field.name for field in clocks)
        raise ConfigurationError(f"The log_format has {names}, which has no whole day and time; allowed: {ALLOWED}.")
    return [field for field in fields if any(field is one for one in (*clocks, *fractions))]


def time_patterns(field: Field) -> Iterator[tuple[str, bool]]:
    """Yield the patterns of a time, and whether each is of use."""
    if field.time == "clf_in_brackets":
        yield from ((r"\[", False), (r"[^\]]+", True), (r"\]", False))
    elif field.time == "clock":
        for text, is_of_use in _parts(field.clock):
            pieces = re.findall(r"%.|[^%]", text, re.DOTALL)
            known = (_CODES.get(piece[1:], literal(piece[-1])) for piece in pieces)
            yield ("".join(known), True) if is_of_use else (r"\S*?", False)
    else:
        yield _PATTERNS[field.time], True


def time_sql(times: Sequence[Field], columns: Sequence[str]) -> tuple[str, str, bool]:
    """Return SQL over the struct `f`: the time as written, as a TIMESTAMPTZ, and whether it has no zone."""
    stamp = f"concat_ws(' ', {', '.join(f'f.{column}' for column in columns)})"
    kind = next(field.time for field in times if field.time != "fraction")
    if kind == "epoch":
        # Seconds and their fraction may be logged apart: 1795410009 and 250.
        return stamp, f"epoch_at(replace({stamp}, ' ', '.'))", False
    if kind == "iso":
        return stamp, f"CASE WHEN {stamp} LIKE '____-__-__T__:%' THEN try_cast({stamp} AS TIMESTAMPTZ) END", False
    clock = "%d/%b/%Y:%H:%M:%S %z" if kind != "clock" else " ".join(_texts(times))
    # DuckDB takes "infinity" and "epoch" for times, whatever the format.
    moment = f"CASE WHEN regexp_matches({stamp}, '[0-9]') THEN try_strptime({stamp}, {quoted(clock)}) END"
    return stamp, moment if "%z" in clock else f"local_at({moment})", "%z" not in clock


def _parts(clock: str) -> Iterator[tuple[str, bool]]:
    """Cut a text at its names of zones, which can't be read back; yield each part and whether it can."""
    for number, part in enumerate(clock.split("%Z")):
        if number:
            yield "%Z", False
        if part:
            yield part, True


def _texts(times: Sequence[Field]) -> Iterator[str]:
    for field in times:
        if field.time == "fraction":
            yield "%f"
        else:
            yield from (text.replace("%e", "%d") for text, is_of_use in _parts(field.clock) if is_of_use)
