"""Files come in, count, are replaced, wait for a scanner, and leave nothing half behind (DU rows, R-163)."""

import io
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.config import settings, use_settings
from idp.db import now, session, transaction
from idp.documents.refusals import DocumentRefused, StorageFailed
from idp.errors import InvalidInput, NotFound
from idp.models import AuditEntry, Company, CompanyDocument, UploadedFile
from idp.policies.documents import MOST_FILES, DocumentState, FileState
from idp.services.cases import withdraw_case
from idp.services.company_documents import put_forward, put_forward_again
from idp.services.file_duties import SHARDS, scan_waiting, tidy_files
from idp.services.file_store import file_path, receive_file
from idp.services.flows import any_run, finish_run, start_run
from idp.services.purging import purge_account
from idp.services.service_registry import ServiceProfile, add_service
from idp.services.uploaded_files import counting_file, files_of_run, keep_file, open_file, open_preview, remove_file
from tests.harness.documents import EICAR, image, pdf
from tests.harness.virus_scanner import VirusScanner
from tests.services.applicants import a_service, account_of, apply
from tests.services.people import at_once

DOCUMENT = {"preset": "twport"}


def on_the_disk() -> set[str]:
    """Every file that is there, by folder and name."""
    root = settings().documents_path
    assert root is not None
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def folder(database: Flask) -> Iterator[Path]:
    root = settings().documents_path
    assert root is not None
    for name in on_the_disk():
        (root / name).unlink()
    yield root
    use_settings(database.config["IDP"])


def a_run() -> str:
    with transaction():
        return start_run("registration", "document", {}, browser="a browser", lasts=timedelta(hours=24))


def upload(run_id: str, content: bytes = b"", name: str = "proof.pdf") -> UploadedFile:
    received = receive_file(io.BytesIO(content or pdf()), name)
    with transaction():
        return keep_file(received, run_id)


def state_of(file: UploadedFile) -> FileState:
    return session.get_one(UploadedFile, file.id, populate_existing=True).state


@contextmanager
def settings_with(**changed: object) -> Iterator[None]:
    before = settings()
    use_settings(before.model_copy(update=changed))
    yield
    use_settings(before)


def test_a_file_lies_under_a_name_of_ours_and_only_its_owner_may_read_it(folder: Path) -> None:
    file = upload(a_run(), name="../../etc/ex\u202efdp.exe\r\nX: y")
    assert file.name == "exfdp.exeX: y"
    row, path = open_file(file.id)
    assert path == folder / "files" / file.stored_name[:2] / file.stored_name
    assert "exe" not in str(path)
    assert path.read_bytes() == pdf()
    assert (row.size, row.pages, row.kind) == (len(pdf()), 1, "pdf")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert on_the_disk() == {f"files/{path.parent.name}/{path.name}", f"previews/{path.parent.name}/{path.name}-0"}
    assert open_preview(file.id, 0).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(NotFound):
        open_preview(file.id, 1)


def test_the_last_file_counts_and_those_before_stay(database: Flask) -> None:
    run_id = a_run()
    first, second = upload(run_id, name="first.pdf"), upload(run_id, image(), "second.png")
    assert (state_of(first), state_of(second)) == (FileState.SUPERSEDED, FileState.READY)
    assert [file.name for file in files_of_run(run_id)] == ["second.png", "first.pdf"]
    assert open_file(first.id)[1].exists()
    with transaction():
        remove_file(run_id)
    assert counting_file(files_of_run(run_id)) is None
    uploads = select(AuditEntry).where(AuditEntry.action == "document:file:uploaded").order_by(AuditEntry.id)
    rows = session.scalars(uploads).all()
    assert [row.details["replaces"] for row in rows] == [[], [first.id]]
    assert rows[1].details["sha256"] == second.sha256


@pytest.mark.both_databases
def test_of_two_files_at_once_one_counts(database: Flask) -> None:
    run_id = a_run()

    def send() -> str:
        received = receive_file(io.BytesIO(pdf()), "proof.pdf")
        with transaction():
            any_run(run_id, "registration", browser="a browser", lock=True)
            return keep_file(received, run_id).state

    assert at_once(database, send, times=3) == [FileState.READY] * 3
    states = sorted(file.state for file in files_of_run(run_id))
    assert states == [FileState.READY, FileState.SUPERSEDED, FileState.SUPERSEDED]


def test_an_application_may_have_twenty_files(database: Flask) -> None:
    """DU09."""
    run_id = a_run()
    file = upload(run_id)
    with transaction():
        for number in range(MOST_FILES - 1):
            columns = {c.key: getattr(file, c.key) for c in UploadedFile.__table__.columns}
            session.add(UploadedFile(**columns | {"id": f"uf_{number}", "stored_name": f"{number}"}))
    received = receive_file(io.BytesIO(pdf()), "one.pdf")
    with pytest.raises(DocumentRefused) as refused, transaction():
        keep_file(received, run_id)
    assert refused.value.problem == "document.many"
    received.discard()
    assert len(on_the_disk()) == 2


class CutOff(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("the connection was lost")


def test_nothing_stays_of_what_is_refused(database: Flask) -> None:
    for content, problem in (
        (b"", "empty"),
        (b"%PDF-1.7" + b"x" * 11 * 1024 * 1024, "large"),
        (b"<script>", "kind"),
        (pdf()[:300], "damaged"),
    ):
        with pytest.raises(DocumentRefused) as refused:
            receive_file(io.BytesIO(content), "proof.pdf")
        assert refused.value.problem == f"document.{problem}"
    with pytest.raises(StorageFailed):
        receive_file(CutOff(), "proof.pdf")
    assert on_the_disk() == set()


def test_a_full_disk_leaves_nothing_half_stored(database: Flask) -> None:
    """The disk takes no more in the middle of the file, of what is kept of it, and of its picture."""
    content = image(size=(900, 900), compress_level=0)
    run_id = a_run()
    before = upload(run_id)
    there, limits = on_the_disk(), resource.getrlimit(resource.RLIMIT_FSIZE)
    for most in (1_000, len(content) // 2):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
        try:
            with pytest.raises(StorageFailed):
                receive_file(io.BytesIO(content), "proof.png")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert on_the_disk() == there
    assert state_of(before) is FileState.READY


def test_without_a_folder_nothing_is_taken_and_no_service_promises_it(database: Flask) -> None:
    postgresql = "postgresql+psycopg://idp@localhost/idp"
    with settings_with(documents_folder=None, database_url=postgresql):
        with pytest.raises(StorageFailed):
            receive_file(io.BytesIO(pdf()), "proof.pdf")
        with pytest.raises(InvalidInput) as refused:
            add_service("port", ServiceProfile(name_zh="港區通行證系統", policy=DOCUMENT))
        assert refused.value.details["problems"] == ["policy.no_documents_folder"]
    with settings_with(documents_folder=None, database_url="sqlite:////srv/idp/idp.db"):
        assert settings().documents_path == Path("/srv/idp/documents")


def test_the_scanner_sees_every_file_before_anybody_else_does(database: Flask, tmp_path: Path) -> None:
    """DU06."""
    with VirusScanner(tmp_path) as scanner, settings_with(virus_scanner=scanner.address):
        clean = upload(a_run())
        assert (clean.state, clean.scanned_at is not None, scanner.seen) == (FileState.READY, True, [pdf()])
        there = on_the_disk()
        with pytest.raises(DocumentRefused) as refused:
            receive_file(io.BytesIO(_with_eicar()), "proof.pdf")
        assert refused.value.problem == "document.infected"
        assert on_the_disk() == there
        scanner.says = b"INSTREAM size limit exceeded. ERROR"
        assert upload(a_run()).state is FileState.QUARANTINED


def _with_eicar() -> bytes:
    """A good PDF with the test pattern in a stream that nothing draws."""

    def change(made: Any) -> None:
        made.Root.Note = made.make_stream(EICAR)

    return pdf(change=change)


def test_a_file_waits_while_the_scanner_is_away(database: Flask, tmp_path: Path) -> None:
    """DU06: nobody sees it; the worker has it scanned later, and what is infected is seen by nobody for ever."""
    old, older = (upload(run := a_run()), upload(run))[::-1]
    with settings_with(virus_scanner=f"unix:{tmp_path / 'clamd'}"):
        for file in (old, older):  # before there was a scanner
            with pytest.raises(NotFound):
                open_file(file.id)
        clean, infected = upload(a_run()), upload(a_run(), _with_eicar())
        for file in (clean, infected):
            assert state_of(file) is FileState.QUARANTINED
            with pytest.raises(NotFound):
                open_file(file.id)
        assert scan_waiting() == 0
        with VirusScanner(tmp_path):
            assert scan_waiting() == 4
            assert scan_waiting() == 0
        assert (state_of(clean), state_of(infected)) == (FileState.READY, FileState.INFECTED)
        assert (state_of(old), state_of(older)) == (FileState.READY, FileState.SUPERSEDED)
        for file in (clean, old, older):
            assert open_file(file.id)[1].exists()
        with pytest.raises(NotFound):
            open_file(infected.id)
        assert not file_path(infected.stored_name).exists()
    with settings_with(virus_scanner="tcp:127.0.0.1:1"):
        replaced = upload(run_id := a_run())
        upload(run_id)
        assert state_of(replaced) is FileState.SUPERSEDED
        with pytest.raises(NotFound):
            open_file(replaced.id)


def make_old(root: Path) -> None:
    """Let two days pass for every file that is there, and for its row."""
    with transaction():
        session.execute(update(UploadedFile).values(uploaded_at=now() - timedelta(days=2)))
    for name in on_the_disk():
        os.utime(root / name, (time.time() - 172_800,) * 2)


def test_the_worker_deletes_what_nobody_names_and_nothing_else(folder: Path) -> None:
    living, left = a_run(), a_run()
    kept, unsent = upload(living), upload(left)
    lost = receive_file(io.BytesIO(pdf()), "lost.pdf")  # a crash while it came in
    orphan = receive_file(io.BytesIO(pdf()), "orphan.pdf")
    orphan.keep()  # a crash between file and row
    with transaction():
        finish_run(left)
    assert sum(tidy_files(shard) for shard in range(SHARDS)) == 0
    make_old(folder)
    assert sum(tidy_files(shard) for shard in range(SHARDS)) > 0
    shard = kept.stored_name[:2]
    assert on_the_disk() == {f"files/{shard}/{kept.stored_name}", f"previews/{shard}/{kept.stored_name}-0"}
    assert session.get(UploadedFile, unsent.id, populate_existing=True) is None
    assert not lost.path.exists()


def put(case: Any, content: bytes = b"") -> UploadedFile:
    file = upload(a_run(), content)
    with transaction():
        put_forward(case, file)
    return file


def document_of(case: Any) -> CompanyDocument:
    session.expire_all()
    return session.scalars(select(CompanyDocument).where(CompanyDocument.case_id == case.id)).one()


def test_a_document_is_put_forward_once_and_again(database: Flask) -> None:
    case = apply(a_service("port", DOCUMENT))
    first = put(case)
    document = document_of(case)
    facts = (document.state, document.file_id, document.company_id, document.account_id, document.version)
    assert facts == (DocumentState.QUEUED, first.id, case.company_id, case.account_id, 1)
    with transaction():
        session.execute(update(CompanyDocument).values(state=DocumentState.REJECTED))
    with transaction():
        put_forward_again(case)
    assert (document_of(case).state, document_of(case).version) == (DocumentState.QUEUED, 2)
    second = put(case, pdf(pages=2))
    assert (document_of(case).file_id, document_of(case).version) == (second.id, 3)
    assert (state_of(first), state_of(second)) == (FileState.SUPERSEDED, FileState.READY)
    with transaction():
        withdraw_case(case.id, case.version)
    assert document_of(case).state is DocumentState.WITHDRAWN


@pytest.mark.parametrize("approved", [False, True])
def test_a_purged_application_takes_its_files_along_but_not_what_has_proven_the_company(
    folder: Path, approved: bool
) -> None:
    case = apply(a_service("port", DOCUMENT))
    file = put(case)
    if approved:
        with transaction():
            session.execute(update(CompanyDocument).values(state=DocumentState.APPROVED))
    with transaction():
        assert purge_account(session.get_one(Company, case.company_id), case, account_of(case))
    make_old(folder)
    for shard in range(SHARDS):
        tidy_files(shard)
    assert (session.get(UploadedFile, file.id, populate_existing=True) is not None) is approved
    assert file_path(file.stored_name).exists() is approved
