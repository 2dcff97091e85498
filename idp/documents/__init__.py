"""What an uploaded file is: looked at in a process of its own, strictly, and never by its name."""
