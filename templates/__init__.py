"""What the report looks like: templates without logic, one style sheet, fonts with their licences."""
