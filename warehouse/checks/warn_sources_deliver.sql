-- every configured source has delivered something
SELECT source.site_id, source.source_id FROM staging.source AS source
ANTI JOIN marts.source_day AS delivered ON delivered.site_id = source.site_id AND delivered.source_id = source.source_id;
