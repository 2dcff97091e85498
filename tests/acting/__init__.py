"""Acting through a linked account at the provider's own pages."""
