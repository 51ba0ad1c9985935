-- Grain: one row per check slot: the confirmed outcome and the time for which it speaks.
-- A result speaks until the next one starts or is due, whichever is first; time after that is unknown and has no row.
CREATE OR REPLACE VIEW staging.check_span AS
WITH timed AS (
  SELECT
    *,
    -- The last attempt of a slot is the confirmed one; the same result imported twice counts once.
    -- An imported state that was still open is told again, longer, under the same start: the longest knows most. What
    -- began inside it ends it below, so that a state told too long is never counted twice.
    lead(slot_at)
      OVER (PARTITION BY site_id, source_id ORDER BY slot_at, attempt, interval_seconds, batch_id DESC) AS next_slot_at
  FROM raw.check_result
  QUALIFY next_slot_at IS DISTINCT FROM slot_at
)
SELECT
  timed.site_id,
  timed.source_id,
  timed.check_type,
  timed.url,
  timed.slot_at AS start_at,
  least(
    coalesce(timed.next_slot_at, 'infinity'::TIMESTAMPTZ),
    -- A sum of microseconds: adding an interval asks the calendar of the zone, which takes ten times as long.
    make_timestamptz(epoch_us(timed.slot_at) + (timed.interval_seconds * 1000000)::BIGINT)
  ) AS end_at,
  timed.attempt AS attempt_count,
  timed.outcome,
  timed.cause,
  timed.status,
  timed.first_byte_ms,
  timed.total_ms,
  timed.certificate_not_after_at,
  timed.is_certificate_valid,
  day.day_date AS local_date
FROM timed
JOIN (
  -- By the days of UTC that a day touches: a hash join takes half of the time of an as-of join.
  SELECT *, unnest(range(epoch_us(start_at) // 86400000000, (epoch_us(end_at) - 1) // 86400000000 + 1)) AS utc_day
  FROM staging.site_day
) AS day
  ON day.site_id = timed.site_id
  AND day.utc_day = epoch_us(timed.slot_at) // 86400000000
  AND timed.slot_at >= day.start_at
  AND timed.slot_at < day.end_at;
COMMENT ON VIEW staging.check_span IS 'One row per check slot: the confirmed outcome and the time for which it speaks. Time without a row is unknown, not up.';
COMMENT ON COLUMN staging.check_span.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.check_span.source_id IS 'Source within the site: never mix two in one series.';
COMMENT ON COLUMN staging.check_span.check_type IS 'What was checked: only http speaks for the availability of the site.';
COMMENT ON COLUMN staging.check_span.url IS 'Address that was checked.';
COMMENT ON COLUMN staging.check_span.start_at IS 'Start of the slot, UTC.';
COMMENT ON COLUMN staging.check_span.end_at IS 'Until when the result speaks (exclusive), UTC.';
COMMENT ON COLUMN staging.check_span.attempt_count IS 'Attempts made in the slot.';
COMMENT ON COLUMN staging.check_span.outcome IS 'Outcome of the last attempt: up, down or unknown.';
COMMENT ON COLUMN staging.check_span.cause IS 'Why not up.';
COMMENT ON COLUMN staging.check_span.status IS 'HTTP status.';
COMMENT ON COLUMN staging.check_span.first_byte_ms IS 'Request sent to first byte, ms.';
COMMENT ON COLUMN staging.check_span.total_ms IS 'Whole check, ms.';
COMMENT ON COLUMN staging.check_span.certificate_not_after_at IS 'Expiry of the certificate that was presented, UTC.';
COMMENT ON COLUMN staging.check_span.is_certificate_valid IS 'Whether the certificate was accepted for this host.';
COMMENT ON COLUMN staging.check_span.local_date IS 'Day of the start in the zone of the site.';
