"""Questions to the published model: files in `sql_templates/`, each a header and one select."""
