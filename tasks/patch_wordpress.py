"""What a bundle says of a WordPress: core, plugins and themes, and what is proved about their updates.

`none` is said only where the update server is proved to have answered about that component: see
`tasks.inventory.wp_cli`. An offer needs no such proof: it exists, however old the list is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tasks.bundle import Files, text
from tasks.errors import SourceError
from tasks.inventory import wp_cli
from tasks.inventory.wp_cli import Answer, CoreOffer, Listed
from tasks.purl import registered_name
from tasks.versions import is_newer, sort_key
from warehouse.records import ComponentObservation

CORE = "wordpress-core"
_UNLISTED = ("must-use", "dropin")
"""WordPress never asks about these, so that nobody knows whether they are current."""

T = TypeVar("T")


def observe(files: Files) -> list[ComponentObservation]:
    """Return the components that the WP-CLI files list; what can't be parsed is rejected and leaves the others."""
    answers = _parsed(files, "update-transients.json", wp_cli.update_answers) or {}
    observations = []
    version = _parsed(files, "core-version.txt", wp_cli.core_version)
    offers = _parsed(files, "core-check-update.json", wp_cli.core_offers)
    if version is not None:
        observations.append(_core(files, version, offers, answers.get("core")))
    directory, _ = _parsed(files, "plugin-directory.json", wp_cli.component_list) or ([], [])
    told = {item.name: item for item in directory}
    for name, ecosystem, kind in (
        ("plugin-list.json", "wordpress-plugin", "plugins"),
        ("theme-list.json", "wordpress-theme", "themes"),
    ):
        listed, problems = _parsed(files, name, wp_cli.component_list) or ([], [])
        files.refuse_lines(name, problems)
        if kind == "plugins":
            listed = [_with_directory(item, told.get(item.name, item)) for item in listed]
        observations += [_component(files, ecosystem, item, answers.get(kind)) for item in listed]
    return observations


def _with_directory(item: Listed, told: Listed) -> Listed:
    return replace(item, directory_state=told.directory_state, directory_updated_date=told.directory_updated_date)


def _parsed(files: Files, name: str, parser: Callable[[str], T]) -> T | None:
    """Return what the parser makes of the file; None where the file is missing or was rejected."""
    if name not in files.texts:
        return None
    try:
        return parser(files.texts[name])
    except SourceError as error:
        files.refuse(name, str(error))
        return None


def _core(files: Files, version: str, offers: list[CoreOffer] | None, answer: Answer | None) -> ComponentObservation:
    # `[]` can mean that the server was not reached then, though it answered before or after.
    offered = {offer.version for offer in offers or ()}.union(answer.offered if answer else ())
    newer = sorted(
        {offer for offer in offered if is_newer(CORE, offer, version)}, key=lambda offer: sort_key(CORE, offer) or ""
    )
    minor = [offer for offer in newer if _branch(offer) == _branch(version)]
    is_proved = offers is not None and _is_fresh(files, answer)
    return _observation(
        files,
        ecosystem=CORE,
        name="wordpress",
        version=version,
        state="available" if newer else "none" if is_proved else "unknown",
        # The newest that stays in the branch; else the newest.
        latest=minor[-1] if minor else newer[-1] if newer else None,
        # WordPress ships security fixes as minor releases of every branch it still mends; it marks no others.
        is_security=True if minor else None,
        answer=answer,
    )


def _is_fresh(files: Files, answer: Answer | None) -> bool:
    return answer is not None and files.origin.is_fresh(answer.answered_at)


def _branch(version: str) -> list[str]:
    """Return the first two numbers: 6.1.10 and 6.1.9 are of one branch, 6.2 is of the next."""
    return version.split("-")[0].split(".")[:2]


def _component(files: Files, ecosystem: str, item: Listed, answer: Answer | None) -> ComponentObservation:
    offered = item.update_version or (answer.offered.get(item.name, "") if answer else "")
    # By comparing, never by the word in `update`: that of a normal older theme was "version higher than expected".
    is_offer_newer = is_newer(ecosystem, offered, item.version) if offered else False
    # An update is announced and its version is not: then it can't be none.
    is_vague = not offered and item.update in ("available", "unavailable")
    if answer is not None and (item.status in _UNLISTED or not answer.covers(item.name)):
        answer = None  # it says nothing of this component
    is_proved = is_offer_newer is False and not is_vague and _is_fresh(files, answer)
    return _observation(
        files,
        ecosystem=ecosystem,
        name=item.name,
        version=item.version,
        state="available" if is_offer_newer else "none" if is_proved else "unknown",
        latest=offered if is_offer_newer else None,
        is_security=None,  # neither WP-CLI nor wordpress.org says it of plugins and themes
        answer=answer,
        status=item.status or None,
        is_auto_update=item.is_auto_update,
        listed=item,
    )


def _observation(
    files: Files,
    *,
    ecosystem: str,
    name: str,
    version: str,
    state: str,
    latest: str | None,
    is_security: bool | None,
    answer: Answer | None,
    status: str | None = None,
    is_auto_update: bool | None = None,
    listed: Listed | None = None,
) -> ComponentObservation:
    origin = files.origin
    return ComponentObservation(
        site_id=origin.site_id,
        source_id=origin.source_id,
        bundle_id=origin.bundle_id,
        collected_at=origin.manifest.collected_at,
        ecosystem=ecosystem,
        name=text(name),
        version=text(version),
        status=None if status is None else text(status),
        update_state=state,
        latest_version=None if latest is None else text(latest),
        is_security_update=is_security,
        is_auto_update=is_auto_update,
        fresh_as_of_at=origin.proved_at(answer.answered_at) if answer else None,
        version_key=sort_key(ecosystem, version),
        advisory_ecosystem=ecosystem,
        advisory_name=text(registered_name(ecosystem, name)),
        advisory_key=sort_key(ecosystem, version),
        directory_state=listed.directory_state if listed else None,
        directory_updated_date=listed.directory_updated_date if listed else None,
        **origin.held(name, is_held=None),
    )
