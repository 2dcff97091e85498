"""``python -m clients.ida``: start the application for duty-free letters."""

from clients.ida.application import IDA
from clients.relying.running import run

if __name__ == "__main__":
    run(IDA)
