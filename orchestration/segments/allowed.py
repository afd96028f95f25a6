"""What the SQL of a segment may read and call. What is not here is refused."""

from __future__ import annotations

SCHEMAS = ("profile", "value", "segments", "policy")
TABLES = ("conformed.refresh_period",)

_DAY = "depends on the moment of the run. Take as_of_on or as_of_at of ref('refresh_period')"
_CHANCE = "gives another result each time. Take a hash of profile_id, as md5 makes one"
_FILE = "reads files or the machine. A segment reads models by ref"
_SERVER = "reads the session. A segment depends on rows only"
_PLACE = "has no value in a model. Write the value out"
_SHAPE = "hides which columns are read. Write them out"

FORBIDDEN = {
    **dict.fromkeys(
        ("currentdate", "currenttimestamp", "currenttime", "currentdatetime", "localtime",
         "localtimestamp", "now", "today", "get_current_timestamp", "transaction_timestamp",
         "current_localtimestamp", "current_localtime", "currenttimestampltz", "utctimestamp",
         "utcdate", "utctime", "age"), _DAY,
    ),
    **dict.fromkeys(
        ("rand", "randn", "uuid", "gen_random_uuid", "uuidv7", "uuidv4", "tablesample", "setseed",
         "randstr", "anyvalue", "arbitrary"), _CHANCE,
    ),
    **dict.fromkeys(
        ("readcsv", "readparquet", "read_text", "read_blob", "read_json", "read_json_auto",
         "read_json_objects", "read_ndjson", "read_csv", "read_csv_auto", "read_parquet",
         "parquet_scan", "parquet_metadata", "parquet_schema", "sniff_csv", "glob", "getenv",
         "query", "query_table", "write_log", "sqlite_scan", "postgres_scan", "mysql_scan",
         "iceberg_scan", "delta_scan", "st_read", "read_xlsx", "http_get", "http_post",
         "copy", "attach", "detach", "install", "export"), _FILE,
    ),
    **dict.fromkeys(
        ("currentuser", "sessionuser", "currentdatabase", "currentversion",
         "currentschema", "currentcatalog",
         "currentrole", "current_setting", "getvariable", "nextval", "currval",
         "txid_current", "sessionparameter", "pragma", "set"), _SERVER,
    ),
    **dict.fromkeys(("placeholder", "parameter"), _PLACE),
    **dict.fromkeys(("columns", "into", "lock", "pivot"), _SHAPE),
}  # fmt: skip
"""Functions and forms by the name of DuckDB or of the parser, and why they are refused."""

FUNCTIONS = frozenset({
    "instr", "strpos", "list_sum", "list_contains", "list_sort", "list_distinct", "list_filter",
    "list_aggregate", "hash", "editdist3", "damerau_levenshtein", "jaccard", "datesub", "date_sub",
    "date_part", "to_days", "to_months", "to_years", "to_hours", "to_minutes", "isfinite", "isnan",
    "isinf", "even", "fdiv", "fmod", "trunc", "printf", "format", "strip_accents", "nfc_normalize",
    "ends_with", "suffix", "prefix", "starts_with", "contains", "len", "favg", "fsum", "product",
    "mad", "entropy", "bit_count", "unbin", "ordinal", "struct_pack", "row", "map_extract",
    "array_length", "array_contains", "epoch_ms", "epoch_us", "week", "era", "century",
})  # fmt: skip
"""Functions that the parser does not know by a type of its own, and that only calculate."""
