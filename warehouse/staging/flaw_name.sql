-- Grain: one row per feed, advisory and name that it has, with the flaw that it is of.
-- One flaw has many names. Advisories that share one are of one flaw, and so are those that are linked over others:
-- connected components. A flaw goes by its first CVE, else by its first name.
CREATE OR REPLACE VIEW staging.flaw_name AS
WITH RECURSIVE own AS MATERIALIZED (
  SELECT *, list_min(list_filter(names, lambda name: starts_with(name, 'CVE-'))) AS cve, list_min(names) AS first_name
  FROM (
    -- What is gone from its feed keeps the names that it had.
    SELECT feed, advisory_id, list_distinct(list_append(aliases, advisory_id)) AS names
    FROM raw.advisory
    WHERE NOT is_gone
    QUALIFY row_number() OVER (PARTITION BY feed, advisory_id ORDER BY fetched_at DESC, batch_id DESC) = 1
  )
), named AS MATERIALIZED (
  SELECT feed, advisory_id, coalesce(cve, first_name) AS flaw_id, unnest(names) AS name FROM own
), shared AS MATERIALIZED (
  -- Only a name of two advisories can link them, and few names are.
  SELECT feed, advisory_id, name, min(name) OVER (PARTITION BY feed, advisory_id) AS hub
  FROM named SEMI JOIN (SELECT name FROM named GROUP BY name HAVING count(*) > 1) AS several USING (name)
), link AS MATERIALIZED (
  SELECT name, hub AS other FROM shared WHERE name <> hub
  UNION
  SELECT hub, name FROM shared WHERE name <> hub
), reached(name, root) USING KEY (name) AS (
  -- The first name goes from each to its neighbours, until none has a later one.
  SELECT name, min(least(name, other)) FROM link GROUP BY name
  UNION
  SELECT link.name, min(reached.root)
  FROM reached
  JOIN link ON link.other = reached.name
  JOIN recurring.reached AS known ON known.name = link.name
  WHERE reached.root < known.root
  GROUP BY link.name
), root AS (
  SELECT shared.feed, shared.advisory_id, min(coalesce(reached.root, shared.name)) AS root
  FROM shared LEFT JOIN reached USING (name)
  GROUP BY ALL
), flaw AS (
  SELECT root, coalesce(min(cve), min(first_name)) AS flaw_id
  FROM root JOIN own USING (feed, advisory_id)
  GROUP BY ALL
)
SELECT named.feed, named.advisory_id, named.name, coalesce(flaw.flaw_id, named.flaw_id) AS flaw_id
FROM named
LEFT JOIN root USING (feed, advisory_id)
LEFT JOIN flaw USING (root);
COMMENT ON VIEW staging.flaw_name IS 'Every name of every flaw that a feed tells of or told of. A bulletin that gives several CVEs as its aliases makes them one flaw.';
COMMENT ON COLUMN staging.flaw_name.feed IS 'Feed, as in agency.advisories of sites.yaml.';
COMMENT ON COLUMN staging.flaw_name.advisory_id IS 'Advisory.';
COMMENT ON COLUMN staging.flaw_name.name IS 'The identifier of the advisory itself, or an alias.';
COMMENT ON COLUMN staging.flaw_name.flaw_id IS 'The flaw: its first CVE, else its first name.';
