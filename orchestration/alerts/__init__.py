"""Alerts: who is told, by webhook and e-mail, when a run or a source needs somebody."""
