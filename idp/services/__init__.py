"""Use cases: plain functions, verb first. No request, no flash, no commit: the caller holds the transaction."""
