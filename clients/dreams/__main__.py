"""``python -m clients.dreams``: start DREAMS."""

from clients.dreams.application import DREAMS
from clients.relying.running import run

if __name__ == "__main__":
    run(DREAMS)
