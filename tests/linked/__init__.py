"""The home of a linked account: binding, choosing, unbinding."""
