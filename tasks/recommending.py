"""Ask every recommendation rule about one site and one quarter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks import side_by_side
from tasks.discovery import units
from tasks.recommendation import Answer, Recommendation, Rule, Scope, Silent, Unknown, in_order


@dataclass(frozen=True, slots=True)
class Advice:
    """What the rules answered: recommendations in their order, and the rules that were silent or could not look."""

    recommendations: Sequence[Recommendation]
    silent: Sequence[Silent]
    unknown: Sequence[Unknown]


def rules() -> list[Rule]:
    """Return every rule, by id."""
    return sorted((module.RULE for module in units("tasks.recommend").values()), key=lambda rule: rule.id)


def advise(scope: Scope) -> Advice:
    """Ask every rule; the order of the answers is always the same."""
    answered = side_by_side.each(lambda module: list(module.evaluate(scope)), units("tasks.recommend").values())
    answers: list[Answer] = [answer for answers in answered for answer in answers]
    return Advice(
        recommendations=in_order([answer for answer in answers if isinstance(answer, Recommendation)]),
        silent=sorted((a for a in answers if isinstance(a, Silent)), key=lambda a: a.rule.id),
        unknown=sorted((a for a in answers if isinstance(a, Unknown)), key=lambda a: a.rule.id),
    )
