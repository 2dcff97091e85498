"""What the black-box tests stand on: a real server, a browser without script, a relying party."""
