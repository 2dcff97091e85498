"""Long rounds, run by ``make soak``."""
