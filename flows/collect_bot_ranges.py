"""Fetch the address ranges that operators of bots publish."""

from __future__ import annotations

from typing import Any

from prefect import State, flow, get_run_logger
from prefect.states import Completed, Failed

from tasks import runs
from tasks.bot_ranges import fetch_ranges
from tasks.settings import load_settings


@flow(name="collect-bot-ranges", flow_run_name=runs.run_name)
async def collect_bot_ranges() -> State[Any]:
    """Fetch every list; one that can't be had is a warning and the one from before stays."""
    fetched = await fetch_ranges(load_settings().reference / "bot-ranges")
    problems = [item.problem for item in fetched if item.problem]
    for problem in problems:
        get_run_logger().warning(problem)
    ranges = sum(item.range_count for item in fetched)
    message = f"{len(fetched) - len(problems)} of {len(fetched)} lists fetched, {ranges:,} ranges"
    return Completed(message=message) if len(problems) < len(fetched) else Failed(message=message)
