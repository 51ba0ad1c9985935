"""No input breaks a parser, and no bad line costs a good one: every format, with rubbish and with damaged records."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.contracts import Context
from tasks.log_files import read_all
from tasks.waf_parse import LogParser, format_named
from tests.tasks.test_waf_cases import ANSWERS, log_of

CONTEXT = Context(site_id="s", source_id="s", time_zone="UTC", host="", collected_at=datetime(2026, 7, 1, tzinfo=UTC))
CASES = {
    answer.parent.name: log_of(answer)
    for answer in ANSWERS
    if not answer.with_name(answer.name.replace("expected.jsonl", "options.json")).exists()
}
PARSERS: dict[str, LogParser] = {}
rubbish = st.one_of(
    st.binary(max_size=300).map(lambda data: data.replace(b"\n", b" ")),
    st.text(max_size=200).map(lambda text: text.replace("\n", " ").encode("utf-8", "replace")),
    st.sampled_from(
        [
            b"{",
            b"[]",
            b"null",
            b"{}",
            b'"',
            b"\\",
            b'{"a":' * 200,
            b"-" * 50,
            b"--",
            b"\x00" * 20,
            b'a="b',
            b"INSERT INTO `x` VALUES (1,'",
        ]
    ),
)


def parser_of(name: str) -> LogParser:
    return PARSERS.setdefault(name, LogParser(format_named(name), CONTEXT))


def parse(name: str, data: bytes) -> tuple[Counter[str], int]:
    """Return the records, without what depends on where in the file they stand, and the count of rejects."""
    log_format, found, rejects = format_named(name), Counter[str](), 0
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        for block in read_all(Path(file.name), log_format.cut):
            tables = parser_of(name).parse(block, "f")
            rejects += tables["reject"].num_rows
            for record in tables[log_format.fills].to_pylist():
                kept = {k: str(v) for k, v in record.items() if k not in ("line_number", "file_id")}
                found[json.dumps(kept, sort_keys=True)] += 1
    return found, rejects


def records_of(name: str) -> tuple[bytes, list[bytes]]:
    """Return the header of the case and its records, as bytes."""
    from tasks.log_files import _codec, _text

    log_format = format_named(name)
    with CASES[name].open("rb") as raw:
        data = _text(raw, _codec(raw), 0, 1 << 26)
    assert data
    header = b""
    while log_format.cut.header and data:
        line, _, rest = data.partition(b"\n")
        if not (line.startswith(b"#") or (header == b"" and log_format.cut.header.match(data))):
            break
        header, data = header + line + b"\n", rest
    if log_format.cut.record_end is None:
        return header, data.splitlines(keepends=True)
    ends = [0, *(match.end() for match in log_format.cut.record_end.finditer(data))]
    return header, [data[a:b] for a, b in itertools.pairwise(ends)]


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_rubbish_between_the_records_costs_none_of_them(name: str, data: st.DataObject) -> None:
    header, records = records_of(name)
    wanted, _ = parse(name, header + b"".join(records))
    text = header
    for record in records[:20]:
        # Not before the first: what a file begins with says whether it is compressed.
        text += record + b"".join(line + b"\n" for line in data.draw(st.lists(rubbish, max_size=2)))
    found, _ = parse(name, text + b"".join(records[20:]))
    assert not wanted - found


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_records_never_raise(name: str, data: st.DataObject) -> None:
    header, records = records_of(name)
    damaged = []
    for record in records[:10]:
        kind = data.draw(st.sampled_from(["cut", "flip", "twice", "swap", "none"]))
        at = data.draw(st.integers(0, max(0, len(record) - 1)))
        if kind == "cut":
            record = record[:at] + b"\n"
        elif kind == "flip":
            record = record[:at] + data.draw(st.binary(min_size=1, max_size=3)) + record[at + 1 :]
        elif kind == "swap":
            record = record.replace(b'"', data.draw(st.sampled_from([b"'", b"", b'\\"', b'""'])))
        damaged += [record] * (2 if kind == "twice" else 1)
    parse(name, header + b"".join(damaged))


@pytest.mark.parametrize("name", sorted(name for name in CASES if format_named(name).fills == "waf_event"))
def test_copies_of_a_record_do_not_multiply_its_rules(name: str, tmp_path: Path) -> None:
    header, records = records_of(name)
    log, log_format, counts = tmp_path / "copies.log", format_named(name), []
    for copies in (1, 200):
        log.write_bytes(header + b"".join(records[:3]) * copies)
        tables = [parser_of(name).parse(block, "f") for block in read_all(log, log_format.cut)]
        counts.append(sum(table["waf_rule_hit"].num_rows for table in tables))
    assert counts[1] <= counts[0] * 200


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the peak of a process, as Linux tells it")
@pytest.mark.parametrize("name", ["access-combined", "modsecurity-v2-native", "nginx-error", "wordfence"])
def test_a_gigabyte_without_a_line_end_takes_little_memory(name: str, tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    with log.open("wb") as file:
        file.truncate(1 << 30)
    # Not ru_maxrss: a child starts with that of the process that started it.
    code = (
        "import sys, re; from pathlib import Path; from tasks.try_format import parse_file\n"
        "found = [t for t in parse_file(sys.argv[1], Path(sys.argv[2]))]\n"
        "assert not any(t.records for t in found) and sum(len(t.rejects) for t in found) >= 1\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text()).group(1))"
    )
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code, name, str(log)],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) / 1024 < 400
