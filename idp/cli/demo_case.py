"""The demo's application that waits for the operator: a company came to the port pass with a document (manual 002)."""

from pathlib import Path

from idp.cli.demo_processes import ROOT
from idp.db import session, transaction
from idp.models import Service
from idp.policies.registration_path import Step
from idp.services.audit import Circumstances, set_circumstances
from idp.services.cases import PersonAnswers, Submission, submit_case, username_is_free
from idp.services.company_claims import CompanyAnswers
from idp.services.company_documents import put_forward
from idp.services.file_store import receive_file
from idp.services.flows import finish_run, start_run
from idp.services.passwords import hash_password
from idp.services.uploaded_files import keep_file

USERNAME, SERVICE = "newport", "twport"
DOCUMENT = ROOT / "data" / "demo-registration.png"
COMPANY = CompanyAnswers(
    id_type="ubn",
    number="00001222",
    name="範例大富物流股份有限公司",
    register_name="範例大富物流股份有限公司",
    address="802004高雄市苓雅區示範三路314號",
    phone="+88672345678#12",
    responsible="陳大富",
)


def make_case(password: str) -> None:
    """Apply as an applicant would, with all that the wizard asks for; once, whatever became of it since."""
    from idp.app import create_app

    with create_app().app_context():
        set_circumstances(Circumstances(actor="cli:demo"))
        if username_is_free(USERNAME):
            _apply(hash_password(password), DOCUMENT)


def _apply(password_hash: str, paper: Path) -> None:
    with paper.open("rb") as stream:
        received = receive_file(stream, "公司變更登記表.png")
    person = PersonAnswers(
        username=USERNAME, name="陳怡君", phone="+886912345678", email=f"{USERNAME}@example.test", locale="zh-TW"
    )
    with transaction():
        run_id = start_run("registration", Step.CHECK, {}, browser="demo")
        file = keep_file(received, run_id)
        case = submit_case(
            Submission(
                service=session.get_one(Service, SERVICE),
                company=COMPANY,
                person=person,
                password_hash=password_hash,
                texts=(),
                browser="demo",
                address=None,
            )
        )
        put_forward(case, file)
        finish_run(run_id, {"case": case.id})
