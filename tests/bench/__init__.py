"""`make bench`: what an operation costs the server, in milliseconds of its CPU (docs/speed.md)."""
