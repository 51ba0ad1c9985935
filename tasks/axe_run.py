"""Run axe-core in every frame of a tab and put the parts together, as its own drivers do.

Where there are frames each gives its part (`axe.runPartial`), and the main frame makes the result of them
(`axe.finishRun`): frames of other origins are reached without the page's help, and no Content-Security-Policy stands in
the way.
https://github.com/dequelabs/axe-core/blob/develop/doc/run-partial.md
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import Frame
    from playwright.async_api import Page as Tab

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
OPTIONS: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": list(TAGS)},
    "resultTypes": ["violations", "incomplete"],
    # The default waits 10 s for a media file that does not load.
    "preload": {"assets": ["cssom"], "timeout": 2000},
    "elementRef": False,
}
FRAMES = 50
"""Frames of a page that are examined at most."""
DEEPEST = 8
RESULT_CHARACTERS = 32 << 20
FRAME_SECONDS = 10.0

_MAIN = """async ([name, options, most]) => {
  const frames = axe.utils.getFrameContexts(document, options);
  if (frames.length) globalThis[name] = await axe.runPartial(document, options);
  const text = JSON.stringify(frames.length ? {frames} : {frames, result: await axe.run(document, options)});
  return text.length > most ? "" : text;
}"""
"""A part holds every element that passes too: that of the main frame, the largest, stays in the page."""
_PART = """async ([context, options, most]) => {
  const part = await axe.runPartial(context, options);
  const text = JSON.stringify({part, frames: axe.utils.getFrameContexts(context, options)});
  return text.length > most ? "" : text;
}"""
_FINISH = """async ([name, parts, options, most]) => {
  const text = JSON.stringify({result: await axe.finishRun([globalThis[name], ...parts], options)});
  return text.length > most ? "" : text;
}"""
_FRAME = "(selector) => axe.utils.shadowSelect(selector)"
_IS_MUTE = "(frame) => frame.hasAttribute('sandbox') && !/allow-scripts/i.test(frame.getAttribute('sandbox'))"
"""A frame without scripts answers nothing, for ever."""


@dataclass(slots=True)
class Run:
    """What came of it: the result object of axe-core, and frames that could not be examined."""

    result: dict[str, Any] = field(default_factory=dict)
    unreached: list[str] = field(default_factory=list)
    frame_count: int = 0
    is_too_large: bool = False


async def run_axe(tab: Tab, script: str) -> Run:
    """Examine a tab with the text of axe-core; the caller sets the deadline.

    Raises:
        playwright.async_api.Error: the main frame can't be examined: it went away, crashed or runs no scripts.
    """
    run, frame, name = Run(frame_count=1), tab.main_frame, f"axe-{secrets.token_hex(8)}"
    await frame.evaluate(script)
    text = await frame.evaluate(_MAIN, [name, OPTIONS, RESULT_CHARACTERS])
    parts: list[Any] = []
    for inner in json.loads(text)["frames"] if text else ():
        parts += await _inner_parts(frame, inner, script, run, 1)
    if parts:
        text = await frame.evaluate(_FINISH, [name, parts, OPTIONS, RESULT_CHARACTERS])
    run.is_too_large = not text
    run.result = json.loads(text)["result"] if text else {}
    return run


async def _parts(frame: Frame, context: Any, script: str, run: Run, depth: int) -> list[Any]:
    """Return the parts of a frame and of all below it, in the order in which `finishRun` wants them."""
    run.frame_count += 1
    await frame.evaluate(script)
    found = json.loads(await frame.evaluate(_PART, [context, OPTIONS, RESULT_CHARACTERS]))
    parts = [found["part"]]
    for inner in found["frames"]:
        parts += await _inner_parts(frame, inner, script, run, depth + 1)
    return parts


async def _inner_parts(frame: Frame, inner: dict[str, Any], script: str, run: Run, depth: int) -> list[Any]:
    from playwright.async_api import Error

    selector = str(inner.get("frameSelector"))[:200]
    if run.frame_count >= FRAMES or depth > DEEPEST:
        run.unreached.append(selector)
        return [None]
    try:
        async with asyncio.timeout(FRAME_SECONDS):
            handle = (await frame.evaluate_handle(_FRAME, inner["frameSelector"])).as_element()
            child = await handle.content_frame() if handle else None
            if handle is None or child is None or await handle.evaluate(_IS_MUTE):
                run.unreached.append(selector)
            elif not child.url.startswith("chrome-error:"):  # nothing came: there is nothing to examine
                return await _parts(child, inner["frameContext"], script, run, depth)
    except (Error, TimeoutError, ValueError, KeyError):
        run.unreached.append(selector)
    return [None]
