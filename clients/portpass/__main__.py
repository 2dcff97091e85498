"""``python -m clients.portpass``: start the port pass application."""

from clients.portpass.application import PORTPASS
from clients.relying.running import run

if __name__ == "__main__":
    run(PORTPASS)
