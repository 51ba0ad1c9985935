-- Names are kept as their registry compares them, so that what is installed and advisories are joined by equal names.
UPDATE raw.advisory_range SET name = lower(name)
WHERE (ecosystem LIKE 'Packagist%' OR ecosystem = 'NuGet') AND name <> lower(name);
UPDATE raw.component_observation SET advisory_name = lower(advisory_name)
WHERE (advisory_ecosystem LIKE 'Packagist%' OR advisory_ecosystem = 'NuGet') AND advisory_name <> lower(advisory_name);
UPDATE raw.advisory_range SET name = regexp_replace(lower(name), '[-_.]+', '-', 'g') WHERE ecosystem = 'PyPI';
UPDATE raw.component_observation SET advisory_name = regexp_replace(lower(advisory_name), '[-_.]+', '-', 'g')
WHERE advisory_ecosystem = 'PyPI';
COMMENT ON COLUMN raw.component_observation.advisory_name IS 'Name by which advisories know the component: the source package for Debian, else as its registry compares names, in lower case where upper and lower case are one to it.';
