"""What holds the build and the running of the whole together."""
