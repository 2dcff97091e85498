"""The demo's mailbox: an SMTP server that delivers nothing, and a page that shows every mail it was given."""
