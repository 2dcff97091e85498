"""DREAMS, held to what a relying party must do, against a small real issuer."""
