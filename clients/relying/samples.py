"""Sample records that a company of the demo finds at its first arrival."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clients.relying.database import Database

# Stores one sample: connection, what the provider says of the arriving person, the sample as ``samples.json`` has it.
Insert = Callable[[sqlite3.Connection, Mapping[str, Any], dict[str, Any]], object]


class Samples:
    """The samples of one application, by tax ID; in a place without these companies nobody ever sees one."""

    def __init__(self, database: Database, file: Path) -> None:
        self.database = database
        self.by_tax_id: dict[str, list[dict[str, Any]]] = json.loads(file.read_text(encoding="utf-8"))

    def give(self, facts: Mapping[str, Any], insert: Insert) -> None:
        """Store the samples of an arriving person's company, once."""
        tenant, tax_id = facts["tenant"], str(facts.get("company_tax_id", ""))
        with self.database.reading() as connection:
            if connection.execute("SELECT 1 FROM companies_seen WHERE tenant = ?", (tenant,)).fetchone():
                return
        with self.database.writing() as connection:
            first = connection.execute("INSERT OR IGNORE INTO companies_seen VALUES (?)", (tenant,)).rowcount
            for sample in self.by_tax_id.get(tax_id, []) if first else []:
                insert(connection, facts, sample)
