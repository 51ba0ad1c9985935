"""The command says what it did, or in one sentence what is wrong, and ends with the right status."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli import main
from tasks.discovery import units
from tests import quarter
from tests.conftest import CASES

UPKEEP = str(Path(sys.executable).parent / "upkeep")
AUDIT, ACCESS = CASES / "waf" / "nginx-shop-audit.json.log.gz", CASES / "waf" / "nginx-shop-access.log.gz"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    return quarter.make(tmp_path_factory.mktemp("quarter"))


@pytest.fixture
def installation(made, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings, _ = made
    monkeypatch.setenv("UPKEEP_SITES", str(settings.sites_file))
    monkeypatch.setenv("UPKEEP_VAR", str(settings.var))
    return settings.var


def test_help_answers_at_once() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "flows.cli", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "quarterly report" in done.stdout
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "argparse" in imported
    assert not imported & {
        "duckdb",
        "httpx",
        "jinja2",
        "numpy",
        "pandas",
        "prefect",
        "pyarrow",
        "pydantic",
        "weasyprint",
    }


def test_wrong_usage_is_one_sentence_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["collect", "nothing"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("upkeep: argument WHAT: invalid choice: 'nothing'")
    assert error.count("\n") == 1


def test_a_wrong_configuration_is_status_2(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("UPKEEP_SITES", str(tmp_path / "none.yaml"))
    assert main(["check"]) == 2
    assert "upkeep init" in capsys.readouterr().err


def test_init_writes_a_file_that_check_accepts_and_never_writes_over_it(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("UPKEEP_SITES", str(tmp_path / "sites.yaml"))
    assert main(["init"]) == 0
    schema = json.loads((tmp_path / "sites.schema.json").read_text())
    assert schema["title"] == "site-upkeep sites.yaml"
    assert main(["init"]) == 2
    assert "--force" in capsys.readouterr().err


def test_check_tries_every_source_and_says_what_to_mend(installation, capsys) -> None:
    assert main(["check", "--site", "one"]) == 1
    out = capsys.readouterr().out
    assert "1 files, 1,868 records" in out
    assert "bundles" in out
    assert "valid, 3 of 4 sources work" in out or "valid, 2 of 4 sources work" in out, out
    assert re.search(r"Ranges of bots: \d+ lists can't be relied on; .* run the flow collect-bot-ranges", out)


@pytest.mark.parametrize(
    ("name", "path", "count"),
    [("modsecurity-v3-json", AUDIT, 375), ("access-combined", ACCESS, 1362), ("auto", ACCESS, 1362)],
)
def test_try_prints_one_record_a_line(name, path, count, capsys) -> None:
    assert main(["try", name, str(path), "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(records) == count
    expected = {"event_at", "client_ip", "host", "method", "path", "query", "status", "user_agent"}
    if path == AUDIT:
        expected |= {
            "action",
            "is_enforced",
            "would_block",
            "score",
            "attack_class",
            "attack_classes",
            "rule_ids",
            "request_id",
        }
    else:
        expected |= {"protocol", "bytes", "referrer"}
    assert expected <= set(records[0])
    assert records[0]["event_at"] == "2026-11-23T05:00:09Z"


def test_try_says_rejects_with_their_line_on_stderr(tmp_path, capsys) -> None:
    log = tmp_path / "a.log"
    log.write_text('192.0.2.1 - - [23/Nov/2026:05:00:09 +0000] "GET / HTTP/1.1" 200 1 "-" "-"\n\x1b[31mnonsense\n')
    assert main(["try", "access-combined", str(log), "--json"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert f"{log}:2: the line is not in the combined log format" in err
    assert "\x1b" not in err


def test_try_of_a_file_that_is_not_there_is_one_sentence(capsys) -> None:
    assert main(["try", "access-combined", "/nonexistent"]) == 1
    assert capsys.readouterr().err == "upkeep: Can't read /nonexistent: No such file or directory.\n"


def test_a_reader_that_has_seen_enough_is_no_file_that_can_not_be_read(tmp_path) -> None:
    case = CASES / "inventory" / "wp-cli" / "core-version.txt"
    many = tmp_path / "plugins.json"
    many.write_text(json.dumps([{"name": f"plugin-{number}", "version": "1.0"} for number in range(3000)]))
    command = [sys.executable, "-m", "flows.cli", "try", "wp-cli", str(many), str(case), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        assert b"plugin-0" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_try_says_which_file_it_can_not_use_and_reads_the_others(tmp_path, capsys) -> None:
    table = tmp_path / "table.txt"
    table.write_text("name\tstatus\nakismet\tactive\n")
    good = CASES / "inventory" / "wp-cli" / "core-version.txt"
    assert main(["try", "wp-cli", str(table), str(tmp_path / "missing"), str(good), "--json"]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        f"upkeep: {table}: this is a table; run the command with --format=json",
        f"upkeep: Can't read {tmp_path / 'missing'}: No such file or directory.",
    ]
    assert json.loads(said.out)["version"] == "6.1.9"


def test_try_auto_says_which_file_it_does_not_know_and_reads_the_others(tmp_path, capsys) -> None:
    unknown = tmp_path / "notes.txt"
    unknown.write_text("Dear all,\n")
    assert main(["try", "auto", str(unknown), str(ACCESS), "--json"]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        f"upkeep: {unknown}: it looks like none of the known formats; name the format yourself: `upkeep formats` lists"
        " them."
    ]
    assert len(said.out.splitlines()) == 1362


def test_formats_and_rules_are_listed(capsys) -> None:
    assert main(["formats", "--json"]) == 0
    formats = {json.loads(line)["format"]: json.loads(line) for line in capsys.readouterr().out.splitlines()}
    assert len(formats) == 68
    assert formats["npm-audit"]["fills"] == "raw.scanner_finding"
    assert formats["aws-waf"]["fills"] == "raw.waf_event"
    assert "log_format" in formats["access-combined"]["options"]
    assert main(["rules", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(units("tasks.recommend"))


HOSTILE = "SELECT DISTINCT path FROM raw.waf_event UNION SELECT '=cmd()' UNION SELECT chr(27) || '[31m' ORDER BY 1"


def test_sql_prints_hostile_text_as_plain_text_on_the_terminal(installation, capsys) -> None:
    assert main(["sql", HOSTILE]) == 0
    out = capsys.readouterr().out
    assert "/<script>alert(1)</script>" in out
    assert "/{{7*7}}" in out
    assert "\x1b[31m" not in out
    assert "\\x1b[31m" in out


def test_sql_writes_csv_that_no_spreadsheet_takes_for_a_formula(installation, capsys) -> None:
    assert main(["sql", HOSTILE, "--format", "csv"]) == 0
    rows = [row[0] for row in csv.reader(capsys.readouterr().out.splitlines())]
    assert "'=cmd()" in rows
    assert not [cell for cell in rows if cell[:1] in "=+-@"]
    assert "/../../etc/passwd" in rows


def test_sql_writes_json_lines_and_parquet(installation, tmp_path, capsys) -> None:
    assert main(["sql", "SELECT max(event_at) AS at, 1.5 AS x FROM raw.waf_event", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"at": "2026-09-29T23:00:00Z", "x": "1.5"}
    assert main(["sql", "SELECT 1 AS a", "--format", "parquet", "--out", str(tmp_path / "a.parquet")]) == 0
    assert (tmp_path / "a.parquet").read_bytes()[:4] == b"PAR1"
    assert main(["sql", "SELECT 1", "--format", "parquet"]) == 2


def test_sql_can_not_write_and_says_so(installation, capsys) -> None:
    assert main(["sql", "DELETE FROM raw.site"]) in (1, 2)
    assert "read-only" in capsys.readouterr().err
    assert main(["sql", "SELEC 1"]) == 2


def test_load_publish_and_migrate_can_be_run_again(installation, capsys) -> None:
    for command in ("migrate", "load", "publish"):
        assert main([command]) == 0, command
    out = capsys.readouterr().out
    assert "newest schema" in out
    assert "Loaded 0 batches" in out
    assert "snapshot" in out


def test_the_dictionary_can_be_narrowed(capsys) -> None:
    assert main(["dictionary", "marts.incident"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("## marts.incident")
    assert "raw.batch" not in out


def test_a_reader_that_closes_the_pipe_is_no_error(installation) -> None:
    command = f"{UPKEEP} sql 'FROM raw.http_request' --format csv | head -2"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, env=os.environ)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.slow
@pytest.mark.server
def test_collect_and_report_run_their_flows(tmp_path) -> None:
    quarter.make(tmp_path)
    env = os.environ | {
        "UPKEEP_SITES": str(tmp_path / "sites.yaml"), "UPKEEP_VAR": str(tmp_path / "var"), "PREFECT_HOME": str(tmp_path / "prefect"),
    }  # fmt: skip
    env.pop("PREFECT_API_URL", None)
    done = subprocess.run(
        [UPKEEP, "collect", "waf-logs", "--site", "one"], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("waf-logs: completed: 0 records from 2 sources ("), done.stderr
    assert done.returncode == 0
    command = [UPKEEP, "report", "--quarter", "2026Q3", "--site", "one", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "one-2026Q3.pdf").exists()


def test_every_collection_flow_can_be_run_by_hand() -> None:
    from flows.cli import COLLECT_CHOICES
    from flows.run_command import FLOWS

    assert {*COLLECT_CHOICES, "alerts", "snapshot", "report", "review"} == set(FLOWS)
