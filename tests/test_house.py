"""The house holds: floors, discovery, words, documents."""

from __future__ import annotations

import ast
import contextlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tasks.discovery import units
from warehouse import dictionary, migrate
from warehouse.records import RECORD_CLASSES

ROOT = Path(__file__).parent.parent
FLOOR = {"templates": 0, "warehouse": 1, "tasks": 2, "flows": 3, "demo": 4, "bench": 4}
UNIT_FOLDERS = (
    "tasks/collect",
    "tasks/waf_formats",
    "tasks/uptime_formats",
    "tasks/recommend",
    "tasks/analyse",
    "tasks/inventory",
    "tasks/advisory_formats",
    "tasks/audit_formats",
)


def modules(folder: str) -> Iterator[Path]:
    yield from sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("folder", ["warehouse", "tasks", "flows"])
def test_imports_go_down_only(folder: str) -> None:
    for path in modules(folder):
        for name in imports(path):
            top = name.split(".")[0]
            allowed = FLOOR.get(top, -1) <= FLOOR[folder] or path.name in ("cli.py", "run_demo.py")
            assert allowed, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("folder", UNIT_FOLDERS)
def test_units_never_import_their_siblings(folder: str) -> None:
    package = folder.replace("/", ".")
    for path in modules(folder):
        assert not [name for name in imports(path) if name.startswith(f"{package}.")], path


def test_flows_never_import_flows_but_for_the_command() -> None:
    for path in modules("flows"):
        if path.name not in ("cli.py", "run_command.py", "run_demo.py"):
            assert not [name for name in imports(path) if name.startswith("flows.")], path


def test_prefect_is_imported_only_where_something_is_a_flow_or_a_task() -> None:
    found = [
        path.relative_to(ROOT)
        for folder in ("tasks", "warehouse")
        for path in modules(folder)
        if any(n.split(".")[0] == "prefect" for n in imports(path))
    ]
    assert found == [Path("tasks/runs.py")]


def test_every_flow_file_starts_with_a_verb_and_holds_one_flow() -> None:
    verbs = {"check", "collect", "import", "publish", "report", "review", "run", "send", "tidy"}
    for path in modules("flows"):
        if path.name in ("__init__.py", "cli.py"):
            continue
        assert path.stem.split("_")[0] in verbs, path
        if not path.stem.startswith("run_"):
            assert path.read_text().count("@flow(") == 1, path


def test_every_deployment_names_a_flow_that_exists() -> None:
    entrypoints = re.findall(r"entrypoint: (\S+):(\S+)", (ROOT / "prefect.yaml").read_text())
    for file, name in entrypoints:
        assert f"async def {name}(" in (ROOT / file).read_text() or f"def {name}(" in (ROOT / file).read_text(), file
    flows = {p.name for p in modules("flows") if "@flow(" in p.read_text()}
    assert {Path(file).name for file, _ in entrypoints} == flows


def test_the_dictionary_is_what_the_sql_says() -> None:
    assert dictionary.FILE.read_text(encoding="utf-8") == dictionary.markdown() + "\n", "run `make dictionary`"


def test_every_table_view_and_column_has_a_comment() -> None:
    with contextlib.closing(duckdb.connect()) as con:
        migrate.apply(con)
        assert [row for row in dictionary.rows(con) if not row[2] or not row[5]] == []


def test_every_mart_says_its_grain_first() -> None:
    for path in (ROOT / "warehouse").glob("*/*.sql"):
        if path.parent.name in ("marts", "staging"):
            assert path.read_text().startswith("-- Grain: one row per "), path


def test_sql_stays_inside_what_ducklake_accepts() -> None:
    words = r"\b(PRIMARY KEY|UNIQUE|CHECK\s*\(|CREATE SEQUENCE|ENUM\s*\(|CREATE (UNIQUE )?INDEX|RETURNING|INSERT OR REPLACE)\b"
    for path in [*(ROOT / "warehouse").rglob("*.sql"), *(ROOT / "warehouse").rglob("*.py")]:
        assert not re.search(words, path.read_text(encoding="utf-8")), path


def test_every_view_can_be_read_when_the_warehouse_is_empty() -> None:
    with contextlib.closing(duckdb.connect()) as con:
        migrate.apply(con)
        for schema, name in con.execute(
            "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall():
            is_fixed = name == "wcag_criterion"  # the table of a standard
            assert is_fixed or con.execute(f"SELECT * FROM {schema}.{name}").fetchall() == []


def test_the_readme_names_every_command_format_rule_and_kind() -> None:
    from flows.cli import _parser
    from tasks.advisory_format import advisory_formats
    from tasks.audit_format import audit_formats
    from tasks.recommending import rules
    from tasks.try_format import uptime_formats
    from tasks.waf_parse import formats

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = next(action.choices for action in _parser()._actions if action.choices)
    names = [f"upkeep {name}" for name in commands]
    names += [
        *formats(),
        *uptime_formats(),
        *advisory_formats(),
        *audit_formats(),
        *(rule.id for rule in rules()),
        *units("tasks.collect"),
    ]
    assert [name for name in names if f"`{name}" not in readme] == []


def test_every_package_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tops = ("flows", "tasks", "templates", "warehouse", "demo")
    found = [path.parent.relative_to(ROOT) for top in tops for path in (ROOT / top).rglob("__init__.py")]
    names = {".".join(path.parts) for path in found if "node_modules" not in path.parts}
    assert names == set(project["tool"]["setuptools"]["packages"])


def test_the_lock_names_no_registry() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_holds_the_versions_that_must_be_held() -> None:
    locked = dict(re.findall(r"^([a-z0-9-]+)==([\d.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert locked["duckdb"] == "1.5.5"
    assert locked["prefect"].startswith("3.8.")
    assert tuple(map(int, locked["fastapi"].split("."))) < (0, 150)
    assert tuple(map(int, locked["sqlalchemy"].split("."))) < (2, 1)


def test_the_ledger_is_held_against_every_table() -> None:
    text = (ROOT / "warehouse" / "checks" / "fail_batch_rows_match_ledger.sql").read_text(encoding="utf-8")
    assert [record.table for record in RECORD_CLASSES if not re.search(rf"raw\.{record.table}\b", text)] == ["reject"]
    named = re.findall(r"FROM raw\.(\w+)", text)
    assert len(named) == len(set(named)), "a table that stands twice is counted twice"


def test_every_table_that_a_source_fills_is_looked_at_before_one_is_called_silent() -> None:
    from tasks.waf_parse import formats

    text = (ROOT / "warehouse" / "checks" / "warn_sources_deliver.sql").read_text(encoding="utf-8")
    fills = {unit.Options.fills for unit in units("tasks.collect").values() if isinstance(unit.Options.fills, str)}
    fills |= {log_format.fills for log_format in formats().values()}
    assert sorted(table for table in fills if not re.search(rf"raw\.{table}\b", text)) == []
