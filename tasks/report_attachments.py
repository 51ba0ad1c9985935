"""What a report carries beside its pages: the answers that its figures stand on, the queries, the recommendations.

`<name>.csv` holds the rows of one query, `evidence.sql` all queries, `recommendations.json` what is advised with
its closing test, `report.json` the rest that the report is made of. `read` gives back what `of` was given, so that the
report can be made anew from its own attachments: see `tasks.report_verification`.
"""

from __future__ import annotations

import base64
import importlib.metadata
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.answers import AnswerError, Answers, KeptAnswer, KeptAnswers, Question
from tasks.brand import Brand
from tasks.discovery import units
from tasks.quarters import Quarter, parse_quarter
from tasks.report_model import Report
from tasks.words import say, speaking

INDEX, ADVICE, QUERIES = "report.json", "recommendations.json", "evidence.sql"
FORMAT = 1
"""Raised when an older program could not read what is attached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file inside the PDF. `relationship` is a word of PDF/A-3: Data, Source or Supplement."""

    name: str
    data: bytes
    text: str
    relationship: str


@dataclass(frozen=True, slots=True)
class Made:
    """What a report was made of."""

    answers: Answers
    brand: Brand
    site_id: str
    quarter: Quarter


def of(report: Report, answers: Answers, brand: Brand) -> list[Attachment]:
    """Return the attachments of a report, the same for the same answers."""
    told = answers.kept()
    kept = list(zip(_names(told), told, strict=True))
    with speaking(report.locale):
        rows_text, queries_text = say("Rows that figures of the report stand on"), say("Every query of the report")
        index_text, advice_text = say("What the report was made of"), say("Recommendations, with their tests")
    tables = [Attachment(name=name, data=answer.data, text=rows_text, relationship="Data") for name, answer in kept]
    return [
        _json(INDEX, _index(report, kept, brand), index_text, "Data"),
        _json(ADVICE, [item.record for item in report.recommendations], advice_text, "Data"),
        Attachment(name=QUERIES, data=_queries(kept).encode(), text=queries_text, relationship="Source"),
        *tables,
    ]


def read(files: Mapping[str, bytes]) -> Made:
    """Return what a report was made of, out of its attachments by name.

    Raises:
        AnswerError: they are not those of a report, are of a newer program, or are damaged.
    """
    if INDEX not in files:
        raise AnswerError("It carries no data of site-upkeep: it is no report, or its attachments were taken off.")
    try:
        index = json.loads(files[INDEX])
        if index["format"] > FORMAT:
            raise AnswerError(f"It was made by site-upkeep {index['program']}: update this one.")
        kept = [
            KeptAnswer(Question(told["sql"], told["parameters"]), dict(told["columns"]), files[told["file"]])
            for told in index["answers"]
        ]
        brand = index["brand"] | {"logo": index["brand"]["logo"] and base64.b64decode(index["brand"]["logo"])}
        answers = KeptAnswers(kept, index["snapshot_id"])
        return Made(answers, Brand(**brand), index["site_id"], parse_quarter(index["quarter"]))
    except (KeyError, TypeError, ValueError) as error:
        raise AnswerError(f"Its attachments are damaged: {error}.") from None


def _index(report: Report, kept: Sequence[tuple[str, KeptAnswer]], brand: Brand) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "program": importlib.metadata.version("site-upkeep"),
        "site_id": report.site_id,
        "quarter": report.quarter,
        "snapshot_id": report.snapshot_id,
        "brand": {
            "name": brand.name,
            "contact": brand.contact,
            "ink": brand.ink,
            "accent": brand.accent,
            "logo": brand.logo and base64.b64encode(brand.logo).decode(),
            "logo_type": brand.logo_type,
            "paper": brand.paper,
            "note": brand.note,
        },
        "answers": [
            {
                "file": name,
                "sql": answer.question.sql,
                "parameters": answer.question.parameters,
                "columns": list(answer.types.items()),
                "sha256": answer.sha256,
            }
            for name, answer in kept
        ],
    }


def _queries(kept: Sequence[tuple[str, KeptAnswer]]) -> str:
    return "\n\n".join(
        f"-- {name} with {answer.question.parameters}\n{answer.question.sql.strip()};" for name, answer in kept
    )


def _names(kept: Sequence[KeptAnswer]) -> list[str]:
    """Name each table after the unit that asked for it, as availability-days.csv; others by their number."""
    known = {
        value: re.sub(r"[_-]+", "-", f"{stem}-{name}".lower())
        for package in ("tasks.recommend", "tasks.analyse")
        for stem, module in units(package).items()
        for name, value in vars(module).items()
        if isinstance(value, str)
    } | {module.RULE.evidence_sql: stem.replace("_", "-") for stem, module in units("tasks.recommend").items()}
    names, taken = [], set[str]()
    for number, answer in enumerate(kept):
        name = known.get(answer.question.sql, f"query-{number:03}")
        names.append(f"{name if name not in taken else f'{name}-{number:03}'}.csv")
        taken.add(name)
    return names


def _json(name: str, value: object, text: str, relationship: str) -> Attachment:
    data = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True, default=str).encode()
    return Attachment(name=name, data=data, text=text, relationship=relationship)
