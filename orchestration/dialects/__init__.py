"""Statements written for another database, put into DuckDB's SQL with their meaning kept."""
