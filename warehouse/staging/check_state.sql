-- Grain: one row per check slot, as staging.check_span, with what it means once failures are confirmed.
-- An incident opens with the slot in which confirm_down of the last confirm_of slots are down, and closes with the last
-- of confirm_up slots in a row that are up. Slots that know nothing are left out of the count.
-- None of these looks further than five slots: only the hours so near to a failure are walked through, which are few.
CREATE OR REPLACE VIEW staging.check_state AS
WITH span AS (
  SELECT *, outcome = 'down' AS is_down FROM staging.check_span
), by_hour AS (
  SELECT
    site_id,
    source_id,
    outcome = 'unknown' AS is_unknown,
    epoch_us(start_at) // 3600000000 AS hour_number,
    bool_or(is_down) AS has_failure,
    max(start_at) AS last_start_at
  FROM span
  GROUP BY ALL
), hour AS (
  -- An hour in the list has one slot at least, so five of them hold the five slots that count.
  SELECT
    * EXCLUDE (has_failure, last_start_at),
    bool_or(has_failure) OVER (hours ROWS BETWEEN 5 PRECEDING AND 5 FOLLOWING) AS is_near,
    max(last_start_at) OVER (PARTITION BY site_id, source_id, is_unknown) AS last_start_at
  FROM by_hour
  WINDOW hours AS (PARTITION BY site_id, source_id, is_unknown ORDER BY hour_number)
), placed AS NOT MATERIALIZED (
  SELECT span.*, hour.is_near, span.start_at < hour.last_start_at AS has_next
  FROM span
  JOIN hour
    ON hour.site_id = span.site_id
    AND hour.source_id = span.source_id
    AND hour.is_unknown = (span.outcome = 'unknown')
    AND hour.hour_number = epoch_us(span.start_at) // 3600000000
), seen AS (
  SELECT
    placed.*,
    coalesce(source.confirm_down, 1) AS confirm_down,
    coalesce(source.confirm_of, 1) AS confirm_of,
    coalesce(source.confirm_up, 1) AS confirm_up,
    coalesce(lag(is_down, 1) OVER slots, false) AS down_1,
    coalesce(lag(is_down, 2) OVER slots, false) AS down_2,
    coalesce(lag(is_down, 3) OVER slots, false) AS down_3,
    coalesce(lag(is_down, 4) OVER slots, false) AS down_4
  FROM placed LEFT JOIN staging.source AS source USING (site_id, source_id)
  WHERE is_near
  WINDOW slots AS (PARTITION BY site_id, source_id, outcome = 'unknown' ORDER BY start_at)
), marked AS (
  SELECT
    *,
    is_down AND 1 + (down_1 AND confirm_of > 1)::INTEGER + (down_2 AND confirm_of > 2)::INTEGER
      + (down_3 AND confirm_of > 3)::INTEGER + (down_4 AND confirm_of > 4)::INTEGER >= confirm_down AS is_confirmed,
    NOT is_down AND NOT (down_1 AND confirm_up > 1) AND NOT (down_2 AND confirm_up > 2)
      AND NOT (down_3 AND confirm_up > 3) AND NOT (down_4 AND confirm_up > 4) AS is_recovered
  FROM seen
), opened AS (
  SELECT
    *,
    -- The later of the last confirmation and the last recovery counts.
    coalesce(
      max(start_at) FILTER (is_confirmed) OVER slots_so_far > coalesce(max(start_at) FILTER (is_recovered) OVER slots_so_far, '-infinity'),
      false
    ) AS is_open,
    -- A failure before the one that confirmed it belongs to the incident.
    coalesce(lead(is_confirmed, 1) OVER slots AND confirm_of > 1, false)
      OR coalesce(lead(is_confirmed, 2) OVER slots AND confirm_of > 2, false)
      OR coalesce(lead(is_confirmed, 3) OVER slots AND confirm_of > 3, false)
      OR coalesce(lead(is_confirmed, 4) OVER slots AND confirm_of > 4, false) AS is_confirmed_later
  FROM marked
  WINDOW
    slots AS (PARTITION BY site_id, source_id, outcome = 'unknown' ORDER BY start_at),
    slots_so_far AS (PARTITION BY site_id, source_id, outcome = 'unknown' ORDER BY start_at ROWS UNBOUNDED PRECEDING)
), counted AS (
  SELECT
    *,
    is_down AND (is_open OR is_confirmed_later) AS is_outage,
    coalesce(lead(is_open) OVER slots, CASE WHEN has_next THEN false END) AS is_open_next,
    is_open AND NOT coalesce(lag(is_open) OVER slots, false) AS is_opening
  FROM opened
  WINDOW slots AS (PARTITION BY site_id, source_id, outcome = 'unknown' ORDER BY start_at)
), walked AS (
  SELECT
    *,
    CASE WHEN outcome <> 'down' THEN outcome WHEN is_outage THEN 'down' ELSE 'unconfirmed' END AS state,
    CASE WHEN outcome <> 'unknown' AND (is_open OR is_outage) THEN
      -- A sum: count(*) FILTER over a window takes DuckDB forty times as long.
      (
        sum(is_opening::INTEGER) OVER (PARTITION BY site_id, source_id, outcome = 'unknown' ORDER BY start_at ROWS UNBOUNDED PRECEDING)
        + (NOT is_open)::INTEGER
      )::BIGINT
    END AS incident_number
  FROM counted
)
SELECT
  site_id,
  source_id,
  check_type,
  url,
  start_at,
  end_at,
  local_date,
  attempt_count,
  outcome,
  cause,
  status,
  total_ms,
  certificate_not_after_at,
  is_certificate_valid,
  is_open,
  is_open_next,
  state,
  incident_number
FROM (
  FROM walked
  UNION ALL BY NAME
  SELECT *, false AS is_open, CASE WHEN has_next THEN false END AS is_open_next, outcome AS state FROM placed WHERE NOT is_near
);
COMMENT ON VIEW staging.check_state IS 'What each check slot means once failures are confirmed by the policy of its source. A single failure that is not confirmed is neither up nor down.';
COMMENT ON COLUMN staging.check_state.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.check_state.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.check_state.check_type IS 'What was checked: only http speaks for the availability of the site.';
COMMENT ON COLUMN staging.check_state.url IS 'Address that was checked.';
COMMENT ON COLUMN staging.check_state.start_at IS 'Start of the slot, UTC.';
COMMENT ON COLUMN staging.check_state.end_at IS 'Until when the result speaks (exclusive), UTC.';
COMMENT ON COLUMN staging.check_state.local_date IS 'Day of the start in the zone of the site.';
COMMENT ON COLUMN staging.check_state.attempt_count IS 'Attempts made in the slot, each on a fresh connection.';
COMMENT ON COLUMN staging.check_state.outcome IS 'Outcome of the last attempt: up, down or unknown.';
COMMENT ON COLUMN staging.check_state.cause IS 'Why not up.';
COMMENT ON COLUMN staging.check_state.status IS 'HTTP status.';
COMMENT ON COLUMN staging.check_state.total_ms IS 'Whole check, ms.';
COMMENT ON COLUMN staging.check_state.certificate_not_after_at IS 'Expiry of the certificate, or of the registration of the domain, UTC.';
COMMENT ON COLUMN staging.check_state.is_certificate_valid IS 'Whether the certificate was accepted for this host.';
COMMENT ON COLUMN staging.check_state.is_open IS 'Whether an incident is open in this slot; it may be up already, not yet often enough.';
COMMENT ON COLUMN staging.check_state.is_open_next IS 'The same of the next slot that knows something; null where there is none.';
COMMENT ON COLUMN staging.check_state.state IS 'up, down (confirmed), unconfirmed (failed, and not often enough) or unknown.';
COMMENT ON COLUMN staging.check_state.incident_number IS 'Number of the incident within the source, by time; null outside of one.';
