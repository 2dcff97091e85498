"""Rules: pure functions, enumerations and tables. No database, no web."""
