"""The dashboard over the published model: pages are YAML, questions are SQL, drawing is here."""
