-- Grain: one row per site, page, series, complete measurement and kind of file.
CREATE OR REPLACE VIEW marts.page_resource AS
SELECT
  measured.site_id,
  measured.run_id,
  measured.page_url,
  measured.day_date,
  measured.measured_at,
  measured.series,
  measured.form_factor,
  measured.is_newest,
  found.resource_type,
  found.request_count,
  found.transfer_bytes
FROM marts.page_performance AS measured JOIN raw.page_resource AS found USING (site_id, run_id)
QUALIFY row_number() OVER (PARTITION BY found.site_id, found.run_id, found.resource_type ORDER BY found.batch_id) = 1;
COMMENT ON VIEW marts.page_resource IS 'Weight of pages by kind of file in the laboratory. third-party overlaps the other kinds: leave it out of sums.';
COMMENT ON COLUMN marts.page_resource.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.page_resource.run_id IS 'Run; see marts.page_performance.';
COMMENT ON COLUMN marts.page_resource.page_url IS 'Page as it was asked for.';
COMMENT ON COLUMN marts.page_resource.day_date IS 'Day of the measurement in the zone of the site.';
COMMENT ON COLUMN marts.page_resource.measured_at IS 'When, UTC.';
COMMENT ON COLUMN marts.page_resource.series IS 'As in marts.page_performance.';
COMMENT ON COLUMN marts.page_resource.form_factor IS 'mobile or desktop.';
COMMENT ON COLUMN marts.page_resource.is_newest IS 'Whether the measurement is the newest of its series.';
COMMENT ON COLUMN marts.page_resource.resource_type IS 'document, script, stylesheet, image, media, font, other, third-party and others.';
COMMENT ON COLUMN marts.page_resource.request_count IS 'Requests.';
COMMENT ON COLUMN marts.page_resource.transfer_bytes IS 'Bytes over the network.';
