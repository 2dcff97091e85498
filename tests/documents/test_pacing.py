"""Who sends too slowly is cut off; who sends at all well is not (DU03)."""

import socket
import time

import pytest

from idp.pacing import PacedSocket


def test_a_sender_of_some_bytes_a_second_is_cut_off_and_a_good_one_is_not() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        paced = PacedSocket(ours, patience=0.2, bytes_a_second=1_000)
        theirs.sendall(b"x" * 300)
        assert len(paced.recv(1_000)) == 300
        began = time.monotonic()
        for _ in range(5):
            theirs.sendall(b"x")
            assert paced.recv(1) == b"x"
        with pytest.raises(ConnectionResetError):
            paced.recv(1)
        assert 0.3 < time.monotonic() - began < 5
        assert paced.gettimeout() is None
        paced.begin()
        theirs.sendall(b"again")
        assert paced.recv(5) == b"again"
        paced.give_up()
        theirs.sendall(b"more")
        with pytest.raises(ConnectionResetError):
            paced.recv(4)


def test_who_does_not_hang_up_is_not_waited_for_at_the_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        paced = PacedSocket(ours)
        paced.shutdown(socket.SHUT_WR)
        assert theirs.recv(1) == b""
        began = time.monotonic()
        with pytest.raises(ConnectionResetError):
            paced.recv(4096)
        assert 0.1 < time.monotonic() - began < 4


def test_a_shorter_wait_of_the_servers_own_stays_a_timeout() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        paced = PacedSocket(ours)
        paced.settimeout(0.05)
        with pytest.raises(TimeoutError):
            paced.recv(1)
        assert paced.gettimeout() == 0.05
        theirs.close()
        assert paced.recv(1) == b""
