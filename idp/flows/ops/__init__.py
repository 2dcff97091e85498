"""The operators' console (P36 … P39, /ops): a sign-in, a session and pages of its own."""
