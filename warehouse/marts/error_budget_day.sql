-- Grain: one row per site and day (of the site's zone) with at least one check, from the source that counts on that day.
CREATE OR REPLACE VIEW marts.error_budget_day AS
WITH known AS (
  SELECT
    day.site_id,
    day.source_id,
    day.day_date,
    site.availability_slo_pct AS slo_pct,
    day.up_seconds - day.maintenance_up_seconds + day.down_seconds - day.maintenance_down_seconds AS known_seconds,
    day.down_seconds - day.maintenance_down_seconds AS down_seconds,
    day.maintenance_up_seconds + day.maintenance_down_seconds AS maintenance_seconds,
    day.unknown_seconds,
    known_seconds * (1 - site.availability_slo_pct / 100) AS budget_seconds
  FROM marts.availability_day AS day JOIN staging.site AS site ON site.site_id = day.site_id
  WHERE day.is_primary
)
SELECT
  *,
  down_seconds / nullif(budget_seconds, 0) AS burn_rate,
  sum(down_seconds) OVER month / nullif(sum(budget_seconds) OVER month, 0) AS burn_rate_28_days,
  -- Time of which nothing is known may all have been up: a few days of history must not pass for four weeks.
  sum(down_seconds) OVER month
    / nullif((28 * 86400 - sum(maintenance_seconds) OVER month) * (1 - slo_pct / 100), 0) AS least_burn_rate_28_days,
  sum(known_seconds + maintenance_seconds) OVER month / 86400 AS known_days_28
FROM known
WINDOW month AS (PARTITION BY site_id ORDER BY day_date RANGE BETWEEN INTERVAL 27 DAYS PRECEDING AND CURRENT ROW);
COMMENT ON VIEW marts.error_budget_day IS 'Error budget, one row per site and day with at least one check, from the one source that counts on that day. Only known time earns budget: a gap in the monitoring neither earns nor burns. For a period divide the sums of down_seconds and budget_seconds; never average the rates.';
COMMENT ON COLUMN marts.error_budget_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.error_budget_day.source_id IS 'Source that knows most of the site on this day; it can change from day to day.';
COMMENT ON COLUMN marts.error_budget_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.error_budget_day.slo_pct IS 'Availability agreed, percent, as configured now.';
COMMENT ON COLUMN marts.error_budget_day.known_seconds IS 'Time known to be up or down outside of announced maintenance, seconds.';
COMMENT ON COLUMN marts.error_budget_day.down_seconds IS 'Time known to be down outside of announced maintenance, seconds: the budget consumed.';
COMMENT ON COLUMN marts.error_budget_day.maintenance_seconds IS 'Time known to be up or down inside announced maintenance, seconds: it neither earns nor burns.';
COMMENT ON COLUMN marts.error_budget_day.unknown_seconds IS 'Time that no check speaks for, seconds.';
COMMENT ON COLUMN marts.error_budget_day.budget_seconds IS 'Downtime that the SLO allows in the known time, seconds.';
COMMENT ON COLUMN marts.error_budget_day.burn_rate IS 'Consumed / budget of the day: 1 spends exactly the budget. NULL where there is no budget (SLO of 100).';
COMMENT ON COLUMN marts.error_budget_day.burn_rate_28_days IS 'The same over this day and the 27 before it; days without a check are in neither. With little known it says little: see least_burn_rate_28_days.';
COMMENT ON COLUMN marts.error_budget_day.least_burn_rate_28_days IS 'Consumed over those 28 days / budget of all of them, as if the site had been up whenever nobody looked: what can be claimed whatever is not known.';
COMMENT ON COLUMN marts.error_budget_day.known_days_28 IS 'Days of those 28 that are known, maintenance among them.';
