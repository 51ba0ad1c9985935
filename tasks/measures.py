"""What the measures of the rules share: SQL for how many days data speak for, and for what is proved to be gone.

A measure (`Rule.measure_sql`) gives one row about `$subject` in the days from `$start_date` to `$end_date` (exclusive):

- `value`, the number that the closing test judges; NULL where it is not known;
- `known_days`, how many of those days the data speak for;
- `is_gone`, only where data can prove it: there is no such subject any more. That nothing is heard of it is no proof.

`$threshold` is the threshold of the site. Every piece below is an expression for such a query.
"""

from __future__ import annotations

from tasks.words import mark

NAMES = {
    "answered_count": mark("answers given"),
    "attacks_in_28_days": mark("attacks in 28 days"),
    "attacks_let_through": mark("attacks let through"),
    "attempts_a_day": mark("attempts a day"),
    "budget_used_pct": mark("share of the error budget used"),
    "checked_criteria": mark("criteria looked at by people"),
    "cls": mark("layout shift (CLS)"),
    "component_count": mark("components"),
    "covered_pct": mark("share of days with data"),
    "days_beyond": mark("days beyond what was agreed"),
    "days_left": mark("days left"),
    "days_to_full": mark("days until the disk is full"),
    "error_pct": mark("share of requests with an error"),
    "failing_elements": mark("elements that fail"),
    "file_found": mark("files that can be fetched"),
    "hostile_requests": mark("hostile requests"),
    "incident_count": mark("outages"),
    "inp_ms": mark("answer to a tap (INP), ms"),
    "late_days": mark("days late"),
    "lcp_image_kb": mark("size of the main image, kB"),
    "lcp_ms": mark("main content (LCP), ms"),
    "longest_unexplained_minutes": mark("minutes of the longest outage without a cause"),
    "manual_failures": mark("failures found by people"),
    "median_total_ms": mark("median time of a journey, ms"),
    "missing_per_month": mark("days without a backup in 30"),
    "open_count": mark("open issues"),
    "open_flaws": mark("open flaws"),
    "outage_count": mark("outages"),
    "passed_pct": mark("share of checks passed"),
    "pending_days": mark("days that a restart waits"),
    "performance_score": mark("Lighthouse score"),
    "points_lost": mark("points lost"),
    "policy_weak": mark("weak policies"),
    "poor_count": mark("poor figures"),
    "request_count": mark("requests"),
    "share_pct": mark("share of the traffic"),
    "stale_days": mark("days without a current list"),
    "third_party_main_thread_ms": mark("code of others, ms"),
    "times_the_agreed_downtime": mark("times the agreed downtime"),
    "ttfb_ms": mark("first byte (TTFB), ms"),
    "untested_days": mark("days since a tested restore"),
    "used_95th_percentile_pct": mark("share used, 95th percentile"),
    "visitors_blocked": mark("visitors blocked"),
}
"""Each metric of a prediction, for people."""

ALL_DAYS = "date_diff('day', $start_date::DATE, $end_date::DATE)"
"""The length of the window: where the absence of data is itself what is measured."""

CHECKED_DAYS = """(
  SELECT count(DISTINCT day_date) FROM marts.availability_day
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND is_primary
    AND up_seconds + down_seconds > 0)"""
"""Days on which somebody checked whether the site was up."""

LISTED_DAYS = """(
  SELECT count(DISTINCT day_date) FROM marts.source_day JOIN staging.source USING (site_id, source_id)
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
    AND fills = 'component_observation' AND coverage_ratio > 0)"""
"""Days for which an inventory with a current update list speaks."""

SOURCE_GONE = """(
  EXISTS (FROM staging.source WHERE site_id = $site_id)
  AND NOT EXISTS (FROM staging.source WHERE site_id = $site_id AND source_id = $subject)
  AND EXISTS (FROM raw.source WHERE site_id = $site_id AND source_id = $subject))"""
"""Whether the source `$subject` was configured and is no longer, while others are."""


def logged_days(mart: str) -> str:
    """Return the number of days for which a log speaks: a quiet day counts where lines came within three days of it."""
    return f"""(
  SELECT count(*) FROM staging.site_day AS calendar
  WHERE calendar.site_id = $site_id AND calendar.day_date >= $start_date AND calendar.day_date < $end_date
    AND EXISTS (
      FROM {mart} AS seen
      WHERE seen.site_id = $site_id AND seen.day_date < $end_date
        AND seen.day_date BETWEEN calendar.day_date - 3 AND calendar.day_date + 3))"""  # noqa: S608 - the rule's own word


def others_measured(mart: str, condition: str) -> str:
    """Return whether `$subject` is gone: nothing in the window names it, and on nine days in ten others were measured.

    Args:
        mart: with `site_id` and `day_date`.
        condition: what its rows of `$subject` fulfil.
    """
    return f"""(
  SELECT count(*) FILTER ({condition}) = 0 AND count(DISTINCT day_date) >= 0.9 * {ALL_DAYS}
  FROM {mart} WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date)"""  # noqa: S608 - as above
