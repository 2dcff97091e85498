"""Demo applications: each a relying party of the identity provider; they import nothing of it."""
