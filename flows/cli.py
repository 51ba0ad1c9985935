"""The `upkeep` command: everything that a person does by hand, with the code that the flows run.

Exit status: 0 done, 1 the work failed, 2 wrong usage or configuration. Errors are one sentence on stderr. Heavy
packages are imported inside the commands that need them, so that `upkeep --help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from warehouse.errors import UpkeepError

if TYPE_CHECKING:
    from tasks.quarters import Quarter

COLLECT_CHOICES = (
    "uptime",
    "uptime-history",
    "domains",
    "journeys",
    "servers",
    "backups",
    "tickets",
    "patches",
    "advisories",
    "waf-logs",
    "audits",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except UpkeepError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"upkeep: {line}\n")
        return error.exit_code
    except BrokenPipeError:
        # The reader, as `head`, has seen enough; keep Python from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("upkeep: stopped; what was landed stays landed.\n")
        return 130


class _Parser(argparse.ArgumentParser):
    """Says wrong usage in one sentence, with the way out."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"upkeep: {message}. See `{self.prog} --help`.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="upkeep",
        description="Keeps client websites healthy and proves it: collects monitoring, patch and WAF data into DuckDB, "
        "and turns each quarter into one evidenced PDF per site.",
        epilog="Paths come from the environment: UPKEEP_SITES (sites.yaml) and UPKEEP_VAR (var).",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        return sub

    sub = add("init", _init, "write a commented sites.yaml and its JSON Schema for editors")
    sub.add_argument("--force", action="store_true", help="write over an existing file")
    sub = add("check", _check, "validate the configuration, try every source, say what to mend")
    sub.add_argument("--site", action="append", help="only this site; may be repeated")
    sub = add("demo", _demo, "the whole main job on the bundled quarter: collect, load, publish, report")
    sub.add_argument("--out", type=Path, default=Path("var/demo"), help="where everything goes (default: var/demo)")
    sub = add("try", _try, "parse files with the parser that the flows use; nothing is stored")
    sub.add_argument("format", metavar="FORMAT", help="a name of `upkeep formats`, or auto")
    sub.add_argument("files", metavar="FILE", nargs="+", type=Path)
    sub.add_argument("--json", action="store_true", help="one normalised record a line")
    sub.add_argument("--time-zone", default="UTC", help="zone of logs that name none (default: UTC)")
    sub.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="option of the format")
    sub = add("formats", _formats, "list every FORMAT, what it is and what it fills")
    sub.add_argument("--json", action="store_true")
    sub = add("collect", _collect, "run a collection flow now")
    sub.add_argument("what", metavar="WHAT", choices=COLLECT_CHOICES, help=", ".join(COLLECT_CHOICES))
    sub.add_argument("--site", action="append", help="only this site; may be repeated")
    sub.add_argument("--since", help="start of the window, RFC 3339 or a date")
    sub.add_argument("--until", help="end of the window (exclusive)")
    sub = add(
        "probe", _probe, "check one address now: phases, redirects, certificate; exit 0 when the check ran, up or down"
    )
    sub.add_argument("url", metavar="URL", help="http:// or https://; a bare host is asked over https")
    sub.add_argument("--json", action="store_true", help="the result as one object")
    sub.add_argument(
        "--timeout", type=float, default=10, metavar="SECONDS", help="deadline of an attempt (default: 10)"
    )
    sub.add_argument("--ca-file", type=Path, help="authorities of a private CA, PEM")
    sub.add_argument("--ip-version", type=int, choices=(4, 6), help="over this one only")
    sub.add_argument("--no-redirects", action="store_true", help="judge the first answer itself")
    sub.add_argument("--allow-private", action="store_true", help="let redirects lead to private addresses")
    sub = add("match", _match, "which advisories hit a version of a component, and why")
    sub.add_argument(
        "--ecosystem", required=True, help="as wordpress-plugin, wordpress-core, Packagist, npm, Debian:12"
    )
    sub.add_argument("--name", required=True, help="component: slug, package; the source package on Debian")
    sub.add_argument("--version", required=True, help="installed version")
    sub.add_argument("--json", action="store_true", help="one flaw a line")
    sub = add("incidents", _incidents_list, "list incidents, and write down the cause of one")
    _add_incidents(sub)
    sub = add("accessibility", _accessibility_list, "list findings that need a review, and decide on one")
    _add_accessibility(sub)
    sub = add("findings", _findings_list, "list the flaws that are open, and accept the risk of one for a time")
    _add_findings(sub)
    add("load", _load, "load what is landed into the warehouse")
    add("publish", _publish, "check the data and publish the snapshot for analysts")
    add("tidy", _tidy, "store closed months by site and time, so that queries read little")
    add("migrate", _migrate, "bring the warehouse to the newest schema")
    sub = add("report", _report, "write the quarterly report(s)")
    sub.add_argument("--quarter", help="as 2026Q3 (default: the last one that is over)")
    sub.add_argument("--site", action="append", help="only this site; may be repeated")
    sub.add_argument("--out", type=Path, help="folder for the PDFs (default: var/reports)")
    _add_reports(add("reports", _reports_list, "comment, review and send the reports that were written"))
    sub = add("verify", _verify, "derive every printed figure of a report again from the PDF's own attachments")
    sub.add_argument("file", metavar="REPORT.pdf", type=Path)
    sub.add_argument("--json", action="store_true", help="the result as one object")
    sub = add("rules", _rules, "list every recommendation rule with its threshold and source")
    sub.add_argument("--site", help="with the thresholds of this site")
    sub.add_argument("--json", action="store_true")
    _add_recommendations(add("recommendations", _recommendations_list, "what became of what was recommended"))
    sub = add("alerts", _alerts, "tell what is news now, show it, or send a test message to every channel")
    sub.add_argument("what", metavar="WHAT", choices=("run", "preview", "check"), help="run, preview, check")
    sub.add_argument("--json", action="store_true", help="of preview and check: one record a line")
    sub = add("sql", _sql, "query the published snapshot")
    sub.add_argument("query", metavar="SQL")
    sub.add_argument("--format", choices=("table", "csv", "json", "parquet"), default="table")
    sub.add_argument("--out", type=Path, help="file to write; needed for parquet")
    add("bundle-script", _bundle_script, "print the shell script with which a server drops its inventory")
    sub = add("dictionary", _dictionary, "print the data dictionary")
    sub.add_argument("table", nargs="?", help="only tables whose name holds this")
    return parser


def _add_reports(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        sub.add_argument("--quarter", help="as 2026Q3 (default: the last one that is over)")
        return sub

    add("list", _reports_list, "where each report stands: draft, reviewed, sent, and to whom")
    sub = add("comment", _reports_comment, "add a comment to a section, printed with your name")
    sub.add_argument("site", metavar="SITE")
    sub.add_argument("section", metavar="SECTION", help="as availability, security, updates")
    sub.add_argument("--text", required=True)
    sub.add_argument("--by", required=True, help="who writes this")
    sub = add("review", _reports_review, "say that you read the report as it is now: it may be sent")
    sub.add_argument("site", metavar="SITE")
    sub.add_argument("--by", required=True, help="who read it")
    sub = add("send", _reports_send, "send a reviewed report to the recipients of its client that have not got it")
    sub.add_argument("site", metavar="SITE")
    sub.add_argument("--by", required=True, help="who sends it")
    sub.add_argument("--again", metavar="ADDRESS", help="also to whom an attempt with an open end may have reached")


SAYINGS = {
    "accept": ("accepted", "it will be done"),
    "schedule": ("scheduled", "it will be done by --due"),
    "start": ("in_progress", "somebody works on it"),
    "claim": ("claimed_done", "it is done; data verify it"),
    "decline": ("declined", "it will not be done; silent in reports through --until"),
    "accept-risk": ("risk_accepted", "the risk is borne through --until"),
    "verify": ("verified_done", "refused: only data may say so"),
}
"""What a person can say of a recommendation: the state, and what it means."""


def _add_recommendations(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    sub = actions.add_parser("list", help="the open ones, with their state")
    sub.set_defaults(command=_recommendations_list)
    sub.add_argument("--site", help="only this site")
    sub.add_argument("--all", action="store_true", help="closed and declined ones too")
    sub.add_argument("--json", action="store_true", help="one a line")

    def about(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("site", metavar="SITE")
        sub.add_argument("rule", metavar="RULE", help="as `upkeep recommendations list` shows it")
        sub.add_argument("subject", metavar="SUBJECT", nargs="?", help="where the rule speaks of several")

    sub = actions.add_parser("show", help="one with its history; its evidence is run again, then and now")
    sub.set_defaults(command=_recommendations_show)
    about(sub)
    sub.add_argument("--json", action="store_true", help="as one object")
    for action, (state, text) in SAYINGS.items():
        sub = actions.add_parser(action, help=text)
        sub.set_defaults(command=_recommendations_say, state=state)
        about(sub)
        sub.add_argument("--by", required=True, help="who says so")
        sub.add_argument("--why", required=True, help="why, for the report")
        sub.add_argument("--until", metavar="DAY", help="last day on which it is not told again, as 2027-03-31")
        sub.add_argument("--due", metavar="DAY", help="day by which it will be done")
        sub.add_argument("--json", action="store_true", help="what was written down, as one object")


def _add_incidents(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    sub = actions.add_parser("list", help="the newest incidents, with what was noted")
    sub.set_defaults(command=_incidents_list)
    sub.add_argument("--site", help="only this site")
    sub = actions.add_parser("note", help="write down the cause of one; a later note replaces an earlier one")
    sub.set_defaults(command=_incidents_note)
    sub.add_argument("site", metavar="SITE")
    sub.add_argument("incident", metavar="INCIDENT", help="its start, as `upkeep incidents list` shows it")
    sub.add_argument("--cause", required=True, help="why it happened, for the report")
    sub.add_argument("--fix", help="what ended it, or keeps it from coming back")
    sub.add_argument("--detected-by", help="who or what noticed it first, as: monitor, client")
    sub.add_argument("--by", required=True, help="who writes this")
    sub.add_argument("--source", help="where several sources of the site were down at once")


def _add_accessibility(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    sub = actions.add_parser("list", help="what automation could not tell, on the newest audit of each page")
    sub.set_defaults(command=_accessibility_list)
    sub.add_argument("--site", help="only this site")
    sub.add_argument("--all", action="store_true", help="also what was decided already")
    sub = actions.add_parser("decide", help="say what one is; it holds until the element changes")
    sub.set_defaults(command=_accessibility_decide)
    sub.add_argument("site", metavar="SITE")
    sub.add_argument("finding", metavar="FINDING", help="as `upkeep accessibility list` shows it")
    sub.add_argument("decision", metavar="DECISION", choices=("confirmed", "dismissed"), help="confirmed, dismissed")
    sub.add_argument("--reason", required=True, help="why, for the report")
    sub.add_argument("--by", required=True, help="who decides this")


def _add_findings(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    sub = actions.add_parser("list", help="what is open or accepted now, the exploited flaws first")
    sub.set_defaults(command=_findings_list)
    sub.add_argument("--site", help="only this site")
    sub.add_argument("--json", action="store_true", help="one finding a line, with all that is known of it")
    sub = actions.add_parser("accept", help="accept one through a day; it is open again after it by itself")
    sub.set_defaults(command=_findings_accept)
    sub.add_argument("site", metavar="SITE")
    sub.add_argument("component", metavar="COMPONENT", help="as `upkeep findings list` shows it")
    sub.add_argument("flaw", metavar="FLAW", help="the CVE, or any other name of it")
    sub.add_argument("--until", required=True, metavar="DATE", help="last day, in the zone of the site")
    sub.add_argument("--reason", required=True, help="why the risk may be taken, for the report")
    sub.add_argument("--by", required=True, help="who decides this")
    sub.add_argument("--ecosystem", help="where components of several ecosystems have that name")

    sub = actions.add_parser(
        "reopen", help="take an acceptance back: open again from now on, with all that was said kept"
    )
    sub.set_defaults(command=_findings_reopen)
    _add_decision(sub, "why the risk is not taken any more")


def _add_decision(sub: argparse.ArgumentParser, why: str) -> None:
    sub.add_argument("site", metavar="SITE")
    sub.add_argument("component", metavar="COMPONENT", help="as `upkeep findings list` shows it")
    sub.add_argument("flaw", metavar="FLAW", help="the CVE, or any other name of it")
    sub.add_argument("--reason", required=True, help=why)
    sub.add_argument("--by", required=True, help="who decides this")
    sub.add_argument("--ecosystem", help="where components of several ecosystems have that name")


def _init(arguments: argparse.Namespace) -> int:
    import json

    from tasks.errors import ConfigurationError
    from tasks.settings import load_settings
    from tasks.sites import json_schema

    path = load_settings().sites_file
    if path.exists() and not arguments.force:
        raise ConfigurationError(f"{path} exists; --force writes over it.")
    example = Path(__file__).parent.parent / "sites.example.yaml"
    path.write_text(example.read_text(encoding="utf-8"), encoding="utf-8")
    schema = path.with_name("sites.schema.json")
    schema.write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"Wrote {path} and {schema}. Edit the first, then run `upkeep check`.\n")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    import asyncio

    from tasks import checking
    from tasks.settings import load_settings
    from tasks.sites import load_sites
    from tasks.terminal import write_table

    settings = load_settings()
    sites = load_sites(settings.sites_file)
    rows = asyncio.run(checking.check_sources(sites, settings, arguments.site))
    write_table(("site", "source", "kind", "works", "what was seen, or what to mend"), rows)
    bad = sum(row[3] != "yes" for row in rows)
    sys.stdout.write(f"{settings.sites_file}: valid, {len(rows) - bad} of {len(rows)} sources work.\n")
    if any(row[2].startswith("waf_") for row in rows):
        from tasks.bot_identity import Identities

        # Not a fault of a source, but then some claims of bots stay claims.
        if gaps := Identities(settings.reference / "bot-ranges").gaps:
            sys.stdout.write(f"Ranges of bots: {len(gaps)} lists can't be relied on; {gaps[0]}\n")
    return 1 if bad else 0


def _demo(arguments: argparse.Namespace) -> int:
    from flows import run_demo

    return run_demo.run(arguments.out.absolute())


def _try(arguments: argparse.Namespace) -> int:
    from tasks.errors import SourceError
    from tasks.terminal import plain, write_json_lines, write_table
    from tasks.try_format import parse_file

    options = dict(option.split("=", 1) if "=" in option else (option, "") for option in arguments.option)
    record_count = reject_count = refused_count = 0
    for path in arguments.files:
        try:
            for tried in parse_file(arguments.format, path, time_zone=arguments.time_zone, options=options):
                for line, reason, excerpt in tried.rejects:
                    sys.stderr.write(f"{plain(str(path))}:{line or '-'}: {reason}: {plain(excerpt)}\n")
                if arguments.json:
                    write_json_lines(tried.records)
                elif tried.records and record_count < 20:
                    shown = [[v for k, v in r.items() if k != "user_agent"] for r in tried.records[:20]]
                    write_table([k for k in tried.records[0] if k != "user_agent"], shown)
                record_count += len(tried.records)
                reject_count += len(tried.rejects)
        except BrokenPipeError:
            raise
        except OSError as error:
            sys.stderr.write(f"upkeep: Can't read {plain(str(path))}: {error.strerror or error}.\n")
            refused_count += 1
        except SourceError as error:
            sys.stderr.write(f"upkeep: {plain(str(path))}: {error}\n")
            refused_count += 1
    if arguments.json and not record_count and not refused_count:
        sys.stderr.write(f"upkeep: no records, {reject_count:,} rejected.\n")
    if not arguments.json:
        sys.stdout.write(f"{record_count:,} records, {reject_count:,} rejected; --json prints every record.\n")
    return 1 if refused_count or (reject_count and not record_count) else 0


def _formats(arguments: argparse.Namespace) -> int:
    from tasks.advisory_format import advisory_formats
    from tasks.audit_format import audit_formats
    from tasks.inventory_format import INVENTORY_OPTIONS, inventory_formats
    from tasks.terminal import write_json_lines, write_table
    from tasks.try_format import SERVER_METRICS, uptime_formats
    from tasks.waf_parse import formats

    rows = [
        {"format": f.name, "what": f.title, "fills": f"raw.{f.fills}", "options": ", ".join(f.options)}
        for f in formats().values()
    ] + [
        {
            "format": f.name,
            "what": f.module.TITLE,
            "fills": f"raw.{f.module.FILLS}",
            "options": ", ".join(f.module.OPTIONS),
        }
        for f in uptime_formats().values()
    ]
    rows += [
        {"format": f.name, "what": f.title, "fills": f"raw.{f.fills}", "options": ", ".join(INVENTORY_OPTIONS)}
        for f in inventory_formats().values()
    ]
    rows += [
        {"format": f.name, "what": f.module.TITLE, "fills": f"raw.{f.module.FILLS}", "options": ""}
        for f in advisory_formats().values()
    ]
    rows += [
        {
            "format": f.name,
            "what": f.module.TITLE,
            "fills": f"raw.{f.module.FILLS}",
            "options": ", ".join(getattr(f.module, "OPTIONS", ())),
        }
        for f in audit_formats().values()
    ]
    what = "figures of servers, as servers_files takes them: CSV, JSON lines"
    rows.append({"format": SERVER_METRICS, "what": what, "fills": "raw.server_metric", "options": ""})
    if arguments.json:
        write_json_lines(rows)
    else:
        write_table(("format", "what", "fills", "options"), [tuple(row.values()) for row in rows])
    return 0


def _collect(arguments: argparse.Namespace) -> int:
    from flows import run_command

    return run_command.collect(arguments.what, arguments.site, arguments.since, arguments.until)


def _probe(arguments: argparse.Namespace) -> int:
    from tasks import probe_command

    return probe_command.run(
        arguments.url,
        timeout_seconds=arguments.timeout,
        ca_file=arguments.ca_file,
        ip_version=arguments.ip_version,
        max_redirects=0 if arguments.no_redirects else 10,
        is_private_allowed=arguments.allow_private,
        is_json=arguments.json,
    )


def _match(arguments: argparse.Namespace) -> int:
    from tasks import matching
    from tasks.settings import load_settings
    from tasks.terminal import plain, write_json_lines, write_table

    found = matching.match(load_settings().snapshot, arguments.ecosystem, arguments.name, arguments.version)
    for doubt in found.doubts:
        sys.stderr.write(f"upkeep: {plain(doubt)}\n")
    if arguments.json:
        write_json_lines(found.flaws)
    elif found.flaws:
        write_table(matching.COLUMNS, [matching.shown(flaw) for flaw in found.flaws])
    elif not found.doubts:
        feeds = ", ".join(found.feeds)
        sys.stdout.write(f"No advisory of {feeds} hits {plain(arguments.name)} {plain(arguments.version)}.\n")
    return 1 if found.doubts and not found.flaws else 0


def _incidents_list(arguments: argparse.Namespace) -> int:
    from tasks import incidents
    from tasks.settings import load_settings
    from tasks.terminal import write_table

    write_table(incidents.COLUMNS, incidents.listed(load_settings(), arguments.site))
    return 0


def _incidents_note(arguments: argparse.Namespace) -> int:
    from flows.run_command import moment
    from tasks import incidents
    from tasks.settings import load_settings
    from tasks.terminal import rfc3339

    note = incidents.note(
        load_settings(),
        arguments.site,
        moment(arguments.incident, "INCIDENT"),
        cause=arguments.cause,
        fix=arguments.fix,
        detected_by=arguments.detected_by,
        noted_by=arguments.by,
        source_id=arguments.source,
    )
    sys.stdout.write(
        f"Noted on the incident of {note.site_id}, {note.source_id}, {rfc3339(note.incident_at)}: "
        "in the report after the next `upkeep load` and `upkeep publish`.\n"
    )
    return 0


def _accessibility_list(arguments: argparse.Namespace) -> int:
    from tasks import accessibility_decisions
    from tasks.settings import load_settings
    from tasks.terminal import write_table

    rows = accessibility_decisions.listed(load_settings(), arguments.site, is_every=arguments.all)
    write_table(accessibility_decisions.COLUMNS, rows)
    return 0


def _accessibility_decide(arguments: argparse.Namespace) -> int:
    from tasks import accessibility_decisions
    from tasks.settings import load_settings

    made = accessibility_decisions.decide(
        load_settings(),
        arguments.site,
        arguments.finding,
        arguments.decision,
        reason=arguments.reason,
        decided_by=arguments.by,
    )
    sys.stdout.write(
        f"{made.decision.capitalize()}: {made.rule_id} on {made.page_url}, "
        "in the report after the next `upkeep load` and `upkeep publish`.\n"
    )
    return 0


def _findings_list(arguments: argparse.Namespace) -> int:
    from tasks import findings
    from tasks.settings import load_settings
    from tasks.terminal import write_json_lines, write_table

    rows = findings.listed(load_settings(), arguments.site)
    if arguments.json:
        write_json_lines(rows)
    elif rows:
        write_table(findings.COLUMNS, [findings.shown(row) for row in rows])
    else:
        sys.stdout.write("None is known. `upkeep sql 'SELECT * FROM marts.feed'` says how current the feeds are.\n")
    return 0


def _findings_accept(arguments: argparse.Namespace) -> int:
    from flows.run_command import day
    from tasks import findings
    from tasks.settings import load_settings

    decision = findings.accept(
        load_settings(),
        arguments.site,
        arguments.component,
        arguments.flaw,
        until=day(arguments.until, "--until"),
        reason=arguments.reason,
        decided_by=arguments.by,
        ecosystem=arguments.ecosystem,
    )
    sys.stdout.write(
        f"Accepted {decision.flaw} in {decision.name} of {decision.site_id} through {decision.accepted_until_date}: "
        "known after the next `upkeep load` and `upkeep publish`.\n"
    )
    return 0


def _findings_reopen(arguments: argparse.Namespace) -> int:
    from tasks import findings
    from tasks.settings import load_settings

    decision = findings.reopen(
        load_settings(),
        arguments.site,
        arguments.component,
        arguments.flaw,
        reason=arguments.reason,
        decided_by=arguments.by,
        ecosystem=arguments.ecosystem,
    )
    sys.stdout.write(
        f"Open again: {decision.flaw} in {decision.name} of {decision.site_id}: "
        "known after the next `upkeep load` and `upkeep publish`.\n"
    )
    return 0


def _load(_: argparse.Namespace) -> int:
    from tasks.settings import load_settings
    from warehouse.load import load

    settings = load_settings()
    loaded = load(settings.spool, settings.warehouse, wait_seconds=30)
    for sentence in loaded.set_aside:
        sys.stderr.write(f"upkeep: {sentence}\n")
    sys.stdout.write(
        f"Loaded {loaded.batch_count:,} batches: {loaded.row_count:,} rows, {loaded.reject_count:,} rejects.\n"
    )
    return 1 if loaded.set_aside else 0


def _publish(_: argparse.Namespace) -> int:
    from tasks.settings import load_settings
    from warehouse.publish import publish

    settings = load_settings()
    published = publish(settings.warehouse, settings.snapshot, wait_seconds=30)
    for sentence in published.warnings:
        sys.stderr.write(f"upkeep: warning: {sentence}\n")
    sys.stdout.write(
        f"Published {published.snapshot}: snapshot {published.snapshot_id}, {published.byte_count:,} bytes.\n"
    )
    return 0


def _tidy(_: argparse.Namespace) -> int:
    from tasks.settings import load_settings
    from warehouse.tidy import remove_evidence, tidy

    done = tidy(load_settings().warehouse, wait_seconds=30)
    removed = remove_evidence(load_settings().evidence)
    for month in done:
        sys.stdout.write(f"raw.{month.table} {month.month:%Y-%m}: {month.row_count:,} rows sorted.\n")
    sys.stdout.write("" if done else "Every closed month is in order.\n")
    sys.stdout.write(f"{removed} old files of evidence removed.\n" if removed else "")
    return 0


def _migrate(_: argparse.Namespace) -> int:
    from tasks.settings import load_settings
    from warehouse import migrate
    from warehouse.connection import connect, exclusive, lock_of

    settings = load_settings()
    lock = exclusive(lock_of(settings.warehouse), wait_seconds=30, what="the warehouse")
    with lock, connect(settings.warehouse) as con:
        done = migrate.apply(con)
    sys.stdout.write(f"Applied {', '.join(done)}.\n" if done else "The warehouse has the newest schema.\n")
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from flows import run_command

    return run_command.report(arguments.quarter, arguments.site, arguments.out)


def _quarter_of(arguments: argparse.Namespace) -> Quarter:
    from datetime import UTC, datetime

    from tasks.quarters import last_finished, parse_quarter

    return parse_quarter(arguments.quarter) if arguments.quarter else last_finished(datetime.now(UTC))


def _reports_list(arguments: argparse.Namespace) -> int:
    from tasks import delivery
    from tasks.settings import load_settings
    from tasks.sites import load_sites
    from tasks.terminal import write_table

    settings = load_settings()
    write_table(delivery.COLUMNS, delivery.listed(settings, load_sites(settings.sites_file), _quarter_of(arguments)))
    return 0


def _reports_comment(arguments: argparse.Namespace) -> int:
    from tasks import delivery
    from tasks.settings import load_settings
    from tasks.sites import load_sites

    settings = load_settings()
    (site,) = load_sites(settings.sites_file).select([arguments.site])
    quarter = _quarter_of(arguments)
    delivery.comment(settings, site, quarter, arguments.section, arguments.text, arguments.by)
    sys.stdout.write(f"Noted. Print it: upkeep publish && upkeep report --quarter {quarter} --site {site.id}\n")
    return 0


def _reports_review(arguments: argparse.Namespace) -> int:
    from tasks import delivery
    from tasks.settings import load_settings
    from tasks.sites import load_sites

    settings = load_settings()
    sites, quarter = load_sites(settings.sites_file), _quarter_of(arguments)
    draft = delivery.review(settings, sites, arguments.site, quarter, arguments.by)
    sys.stdout.write(f"Reviewed {draft.path}, SHA-256 {draft.sha256}.\n")
    return 0


def _reports_send(arguments: argparse.Namespace) -> int:
    import asyncio

    from flows.run_command import quieten
    from tasks import delivery
    from tasks.settings import load_settings
    from tasks.sites import load_sites
    from tasks.terminal import plain

    quieten()
    from tasks import runs

    settings = load_settings()
    sites, quarter = load_sites(settings.sites_file), _quarter_of(arguments)
    for draft in delivery.drafts(settings, sites, quarter, [arguments.site]):
        if arguments.again:
            delivery.forget(settings, draft, arguments.again)
        events = asyncio.run(delivery.send(settings, sites, draft, arguments.by, runs.secret))
        for event in events:
            stream = sys.stdout if event.state == "sent" else sys.stderr
            stream.write(f"{event.state}: {plain(event.recipient)}{f': {event.message}' if event.message else ''}\n")
        if not events:
            sys.stdout.write("Everybody has it already: nothing was sent.\n")
        return 0 if all(event.state == "sent" for event in events) else 1
    sys.stderr.write(f"upkeep: There is no report of {arguments.site} on {quarter} yet: run `upkeep report` first.\n")
    return 1


def _verify(arguments: argparse.Namespace) -> int:
    import dataclasses

    from tasks.report_verification import SHOWN, verify
    from tasks.terminal import plain, write_json_lines

    verified = verify(arguments.file)
    if arguments.json:
        write_json_lines([dataclasses.asdict(verified)])
    elif verified.differences:
        for sentence in verified.differences[:SHOWN]:
            sys.stderr.write(f"upkeep: {arguments.file}: {plain(sentence)}\n")
        sys.stderr.write(f"upkeep: {len(verified.differences)} differences: this is not what its data say.\n")
    else:
        bytes_ = "the same bytes" if verified.is_identical else "other bytes, as its libraries are of other versions"
        sys.stdout.write(
            f"{verified.figure_count:,} printed figures, derived again from {verified.table_count} attached tables, "
            f"are all as printed; {bytes_}. SHA-256 {verified.sha256}\n"
        )
    return 1 if verified.differences else 0


def _recommendations_list(arguments: argparse.Namespace) -> int:
    from tasks import deciding
    from tasks.settings import load_settings
    from tasks.terminal import write_json_lines, write_table

    rows = deciding.listed(load_settings(), arguments.site, is_all=arguments.all)
    if arguments.json:
        write_json_lines(rows)
    elif rows:
        write_table(deciding.COLUMNS, [deciding.line(row) for row in rows])
    else:
        sys.stdout.write(
            "Nothing is recommended; `upkeep report` and `upkeep publish` bring what a quarter asks for.\n"
        )
    return 0


def _recommendations_show(arguments: argparse.Namespace) -> int:
    from tasks import deciding
    from tasks.settings import load_settings
    from tasks.terminal import plain, write_json_lines, write_table

    shown = deciding.shown(load_settings(), arguments.site, arguments.rule, arguments.subject)
    if arguments.json:
        write_json_lines([deciding.record_of(shown)])
        return 0
    for label, text in deciding.paragraphs(shown):
        sys.stdout.write(f"{label + ':':14}{plain(text)}\n")
    sys.stdout.write("\n")
    write_table(("when", "state", "by", "why", "until", "due"), deciding.history_of(shown))
    return 0


def _recommendations_say(arguments: argparse.Namespace) -> int:
    from tasks import deciding
    from tasks.settings import load_settings
    from tasks.terminal import plain, write_json_lines

    until, due = (
        None if text is None else deciding.day(text, option)
        for text, option in ((arguments.until, "--until"), (arguments.due, "--due"))
    )
    said = deciding.change(
        load_settings(),
        arguments.site,
        arguments.rule,
        arguments.subject,
        arguments.state,
        by=arguments.by,
        why=arguments.why,
        until=until,
        due=due,
    )
    if arguments.json:
        write_json_lines([deciding.plain_record(said)])
    else:
        about = plain(f"{said.rule_id}, {said.subject}, of {said.site_id}")
        sys.stdout.write(f"{about}: {said.state}. It counts after the next `upkeep load` and `upkeep publish`.\n")
    return 0


def _rules(arguments: argparse.Namespace) -> int:
    from tasks.recommending import rules
    from tasks.settings import load_settings
    from tasks.sites import load_sites
    from tasks.terminal import write_json_lines, write_table

    own: dict[str, float] = {}
    if arguments.site:
        (site,) = load_sites(load_settings().sites_file).select([arguments.site])
        own = site.thresholds
    rows: list[dict[str, Any]] = [
        {
            "rule": rule.id,
            "lane": rule.lane,
            "threshold": f"{own.get(rule.id, rule.threshold):g} {rule.threshold_unit}"
            + (f" (of this site; usually {rule.threshold:g})" if rule.id in own else ""),
            "standard": rule.standard,
            "why": str(rule.why),
        }
        for rule in rules()
    ]
    if arguments.json:
        write_json_lines(rows)
    else:
        write_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    return 0


def _alerts(arguments: argparse.Namespace) -> int:
    import asyncio
    from dataclasses import asdict

    from flows import run_command

    if arguments.what == "run":
        return run_command.run("alerts", {})
    run_command.quieten()
    from datetime import UTC, datetime

    from tasks.alerting import check, preview
    from tasks.runs import emit, secret
    from tasks.settings import load_settings
    from tasks.sites import load_sites
    from tasks.terminal import write_json_lines, write_table

    settings = load_settings()
    sites = load_sites(settings.sites_file)
    if arguments.what == "preview":
        news = preview(sites, settings, now=datetime.now(UTC))
        if arguments.json:
            write_json_lines([asdict(message) for message in news])
        else:
            write_table(("kind", "subject", "text"), [(item.kind, item.subject, item.text) for item in news])
        return 0
    rows = asyncio.run(check(sites, secret=secret, emit=emit))
    if arguments.json:
        write_json_lines(rows)
    elif rows:
        write_table(list(rows[0]), [list(row.values()) for row in rows])
    else:
        sys.stdout.write("No channel is configured: add agency.alerts to sites.yaml.\n")
    return 1 if any(row["state"] == "failed" for row in rows) else 0


def _sql(arguments: argparse.Namespace) -> int:
    from tasks import query
    from tasks.settings import load_settings

    return query.run(load_settings().snapshot, arguments.query, arguments.format, arguments.out)


def _bundle_script(arguments: argparse.Namespace) -> int:
    from importlib.resources import files

    sys.stdout.write(files("tasks").joinpath("bundle_script.sh").read_text(encoding="utf-8"))
    return 0


def _dictionary(arguments: argparse.Namespace) -> int:
    from warehouse.dictionary import markdown

    sections = markdown().split("\n\n## ")
    if arguments.table:
        sections = ["", *(s for s in sections[1:] if arguments.table in s.split("\n", 1)[0])]
    sys.stdout.write("\n\n## ".join(sections).lstrip("\n") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
