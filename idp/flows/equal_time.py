"""Answers that take the same time whatever was found: it does not tell whether there is such an account."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

# Longer than any mail takes to write.
ANSWER_SECONDS = 0.1


@contextmanager
def in_equal_time() -> Iterator[None]:
    """Let no less time than ANSWER_SECONDS pass within the block, also where it ends by a refusal."""
    answer_at = time.monotonic() + ANSWER_SECONDS
    try:
        yield
    finally:
        time.sleep(max(0.0, answer_at - time.monotonic()))
