"""Sources: look at files and tables, propose what they mean, write the staging models."""
