"""What dbt's own macros give, so that sqlfluff can read models that call them."""


def dateadd(datepart: str, interval: str, from_date_or_timestamp: str) -> str:
    """dbt.dateadd for DuckDB."""
    return f"({from_date_or_timestamp} + {interval} * interval 1 {datepart})"


def datediff(first_date: str, second_date: str, datepart: str) -> str:
    """dbt.datediff for DuckDB."""
    return f"date_diff('{datepart}', {first_date}, {second_date})"


def date_trunc(datepart: str, date: str) -> str:
    """dbt.date_trunc for DuckDB."""
    return f"date_trunc('{datepart}', {date})"


def escape_single_quotes(expression: str) -> str:
    """dbt.escape_single_quotes for DuckDB."""
    return expression.replace("'", "''")


def type_string() -> str:
    """dbt.type_string for DuckDB."""
    return "string"
