"""A PIV card made of software, in a virtual reader behind the machine's real PC/SC service."""
