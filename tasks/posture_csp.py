"""What a Content-Security-Policy allows, judged as the HTTP Observatory publishes it: see `tasks.posture`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SHORTEST = 6
NOT_IN_META = ("frame-ancestors", "report-uri", "sandbox")
"""Directives that a policy in a meta element can't have: HTML standard, 4.2.5.3."""
MAY_REPEAT = ("report-uri", "report-to")
BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}
HASHES = ("'sha256-", "'sha384-", "'sha512-", "'nonce-")
PASSIVE = ("img-src", "media-src")
POLICY_CHARACTERS = 32_768

Policy = dict[str, set[str]]


class InvalidPolicyError(ValueError):
    """A policy that browsers take otherwise than it seems to be meant."""


def judge(headers: Sequence[str], metas: Sequence[str], *, has_report_only: bool, is_https: bool) -> str:
    """Return the outcome of the test `content-security-policy`, as csp-not-implemented."""
    try:
        policy, is_repeated = merged([*headers, *metas])
    except InvalidPolicyError:
        return "csp-header-invalid"
    if not policy_of(headers) and not _without(policy_of(metas), NOT_IN_META):
        return "csp-not-implemented-but-reporting-enabled" if has_report_only else "csp-not-implemented"
    outcome = _judged(policy, is_https=is_https)
    is_fine = outcome in (
        "csp-implemented-with-no-unsafe",
        "csp-implemented-with-no-unsafe-default-src-none",
        "csp-implemented-with-unsafe-inline-in-style-src-only",
        "csp-implemented-with-insecure-scheme-in-passive-content-only",
    )
    return "csp-implemented-but-duplicate-directives" if is_fine and is_repeated else outcome


def policy_of(texts: Sequence[str]) -> Policy:
    """Return what the policies together allow; empty where one is invalid."""
    try:
        return merged(texts)[0]
    except InvalidPolicyError:
        return {}


def merged(texts: Sequence[str]) -> tuple[Policy, bool]:
    """Return what all policies allow, by directive, and whether a directive that may be repeated is.

    A source counts where each policy that has the directive allows it: browsers obey them all.

    Raises:
        InvalidPolicyError: one is too short to be a policy, or repeats a directive, of which browsers take the first.
    """
    policies = [_parsed(text) for text in texts]
    together: Policy = {}
    for policy, _ in policies:
        for directive, sources in policy.items():
            together[directive] = together[directive] & sources if directive in together else sources
    return {name: sources or {"'none'"} for name, sources in together.items()}, any(again for _, again in policies)


def _parsed(text: str) -> tuple[Policy, bool]:
    text = " ".join(text[:POLICY_CHARACTERS].split())
    if len(text) < SHORTEST:
        raise InvalidPolicyError(text)
    policy: Policy = {}
    is_repeated = False
    for part in text.split(";"):
        name, *sources = part.lower().split() or [""]
        if not name:
            continue
        if name in policy:
            if name not in MAY_REPEAT:
                raise InvalidPolicyError(f"{name} stands twice")
            is_repeated = True
            continue
        policy[name] = set(sources) or ({"'none'"} if name.endswith("-src") else set())
    return policy, is_repeated


def _without(policy: Policy, names: Sequence[str]) -> Policy:
    return {name: sources for name, sources in policy.items() if name not in names}


def _judged(policy: Mapping[str, set[str]], *, is_https: bool) -> str:
    of_scripts = "script-src" if "script-src" in policy else "default-src"
    script, is_script_valid = _script_sources(policy.get(of_scripts, {"*"}))
    if of_scripts in policy:
        policy = {**policy, of_scripts: script}
    default = policy.get("default-src")
    style = _enforced(policy.get("style-src") or default or {"*"})
    objects = policy.get("object-src") or default or {"*"}
    active = script.union(*(found for name, found in policy.items() if name not in PASSIVE))
    passive = {source for name in PASSIVE for source in policy.get(name) or default or ()}
    verdicts = (
        (not is_script_valid, "csp-header-invalid"),
        (script & (BROAD | INLINE) or objects & BROAD, "csp-implemented-with-unsafe-inline"),
        (is_https and _is_insecure(active), "csp-implemented-with-insecure-scheme"),
        ("'unsafe-eval'" in script | style, "csp-implemented-with-unsafe-eval"),
        (is_https and _is_insecure(passive), "csp-implemented-with-insecure-scheme-in-passive-content-only"),
        (style & (BROAD | INLINE), "csp-implemented-with-unsafe-inline-in-style-src-only"),
        (default == {"'none'"}, "csp-implemented-with-no-unsafe-default-src-none"),
    )
    return next((outcome for holds, outcome in verdicts if holds), "csp-implemented-with-no-unsafe")


def _enforced(sources: set[str]) -> set[str]:
    """Return the sources without 'unsafe-inline' where a nonce or hash makes browsers pass over it."""
    return sources - {"'unsafe-inline'"} if _has_hash(sources) else sources


def _script_sources(sources: set[str]) -> tuple[set[str], bool]:
    """Return what counts with 'strict-dynamic', and whether that is valid: it needs a nonce or hash."""
    sources = _enforced(sources)
    if "'strict-dynamic'" not in sources:
        return sources, True
    if not _has_hash(sources):
        return sources, False
    passed_over = {one for one in sources if one.startswith(tuple(BROAD)) or one in ("'self'", "'unsafe-inline'")}
    return sources - passed_over, True


def _has_hash(sources: set[str]) -> bool:
    return any(source.startswith(HASHES) for source in sources)


def _is_insecure(sources: set[str]) -> bool:
    return any(source.startswith(("http:", "ftp:")) for source in sources)
