-- no component is offered an update to the version that it has
SELECT site_id, name, version FROM raw.component_observation WHERE update_state = 'available' AND latest_version = version;
