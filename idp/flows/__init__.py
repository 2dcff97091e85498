"""The web: one file per thing a person does at the provider's own pages."""
