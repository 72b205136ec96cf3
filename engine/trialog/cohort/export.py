"""The answers of a run as one CSV file or one DuckDB table."""

import secrets
from pathlib import Path

from trialog.charts.files import nowhere
from trialog.charts.store import StoreError
from trialog.problem import Problem

TABLE = "answers"


def export(folder: Path, out: Path) -> None:
    """Write the buckets' answers to `out`, whole or not at all. Raises StoreError."""
    import duckdb

    beside = out.with_name(f"{out.name}.{secrets.token_hex(8)}.part")
    every = str(folder / "bucket-*.parquet").replace("'", "''")
    rows = f"SELECT * FROM read_parquet('{every}') ORDER BY patient"
    try:
        if out.suffix == ".csv":
            with duckdb.connect() as database:
                to = str(beside).replace("'", "''")
                database.execute(f"COPY ({rows}) TO '{to}' (FORMAT csv, HEADER)")
        else:
            with duckdb.connect(str(beside)) as database:
                database.execute(f"CREATE TABLE {TABLE} AS {rows}")
        beside.replace(out)
    except (OSError, duckdb.Error) as error:
        beside.unlink(missing_ok=True)
        why = str(error).splitlines()[0]
        raise StoreError(
            Problem("E531", f"`{out}` cannot be written: {why}", nowhere(out), f"the answers are whole in {folder}")
        ) from None
