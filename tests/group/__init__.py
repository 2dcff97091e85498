"""The group admin's console (P32–P35), over HTTP, at the running provider."""
