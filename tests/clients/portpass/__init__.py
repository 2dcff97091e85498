"""The port pass application, against a small real issuer: what is its own beside what all applications share."""
