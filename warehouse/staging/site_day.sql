-- Grain: one row per site and day of its calendar, from 2020 to the end of next year.
-- Rows get their local day by an as-of join with this: asking for the zone row by row costs 5 microseconds each.
CREATE OR REPLACE VIEW staging.site_day AS
SELECT site.site_id, zone.day_date, zone.start_at, zone.end_at
FROM staging.site AS site
JOIN (
  -- Once for each zone, not for each site.
  SELECT
    time_zone,
    calendar.midnight::DATE AS day_date,
    timezone(time_zone, calendar.midnight) AS start_at,
    timezone(time_zone, calendar.midnight + INTERVAL 1 DAY) AS end_at
  FROM (SELECT DISTINCT time_zone FROM staging.site)
  CROSS JOIN (
    SELECT unnest(generate_series(TIMESTAMP '2020-01-01', date_trunc('year', current_date) + INTERVAL 2 YEAR, INTERVAL 1 DAY)) AS midnight
  ) AS calendar
) AS zone USING (time_zone);
COMMENT ON VIEW staging.site_day IS 'The calendar of each site: when its days start and end in UTC. Not proof that anything was collected.';
COMMENT ON COLUMN staging.site_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.site_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN staging.site_day.start_at IS 'First moment of the day, UTC.';
COMMENT ON COLUMN staging.site_day.end_at IS 'First moment of the next day, UTC.';
