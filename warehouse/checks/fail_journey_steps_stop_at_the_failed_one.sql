-- the steps of a journey pass up to the one that did not, and none is run after it
SELECT run.run_id, run.outcome, step.number, step.outcome AS step_outcome
FROM raw.journey_run AS run JOIN raw.journey_step AS step USING (run_id)
WHERE step.outcome <> CASE
  WHEN run.failed_step IS NULL OR step.number < run.failed_step THEN 'passed'
  WHEN step.number = run.failed_step THEN run.outcome
  ELSE 'not_run'
END;
