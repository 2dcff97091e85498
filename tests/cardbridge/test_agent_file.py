"""The one file that `make agent` builds: it stands alone, starts at once and stays small."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from idp.cardbridge.cards import TROUBLES
from idp.cardbridge.operation import NOT_NOW
from idp.cardbridge.statement import PURPOSES
from tests.harness.processes import ROOT
from tests.harness.running_agent import RunningAgent

READY_SECONDS = 0.5
MOST_MEMORY = 40 * 1024 * 1024
TEXTS = json.loads((ROOT / "idp" / "cardbridge" / "page" / "texts.json").read_text())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file, built twice: as a release is, and to compare."""
    files = [tmp_path_factory.mktemp("dist") / "card-agent.pyz" for _ in range(2)]
    for file in files:
        subprocess.run([sys.executable, ROOT / ".ci" / "build-agent", file], check=True)
    assert files[0].read_bytes() == files[1].read_bytes()
    return files[0]


def test_it_holds_the_agent_and_nothing_else(built: Path) -> None:
    names = zipfile.ZipFile(built).namelist()
    strange = [name for name in names if not name.startswith("idp/cardbridge/")]
    assert strange == ["__main__.py", "idp/__init__.py"]
    assert {"agent.html", "agent.css", "agent.js", "texts.json"} == {
        Path(name).name for name in names if "/page/" in name
    }


def test_it_starts_by_itself_with_the_standard_library(built: Path, tmp_path: Path) -> None:
    for words, status in ((["--help"], 0), (["--backend", "software"], 2)):
        done = subprocess.run(
            [sys.executable, "-I", "-S", built, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert "--drawer" in done.stdout + done.stderr
    assert sorted(tmp_path.iterdir()) == []


def test_it_loads_nothing_of_the_provider_and_no_backend_before_it_is_needed(built: Path) -> None:
    look = (
        "import sys; sys.path.insert(0, sys.argv[1]); import idp.cardbridge.__main__;"
        "print(*sorted(m for m in sys.modules if m.split('.')[0] in"
        " {'idp', 'flask', 'sqlalchemy', 'authlib', 'cryptography', 'smartcard', 'PyKCS11'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", look, built], capture_output=True, text=True, check=True)
    rooms = {name for name in done.stdout.split() if not name.startswith("idp.cardbridge")}
    assert rooms == {"idp"}
    assert "idp.cardbridge.pkcs11" not in done.stdout


def test_without_a_module_it_says_what_is_missing(built: Path, tmp_path: Path) -> None:
    words = ["--backend", "pkcs11", "--origins", tmp_path / "o.json"]
    hide = (
        "import runpy, sys; sys.platform = 'none'; sys.argv = sys.argv[1:];"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", hide, built, *words], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert "HiCOS" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("backend", "missing"), [("pkcs11", "PyKCS11"), ("piv", "smartcard"), ("software", "cryptography")]
)
def test_a_package_that_is_not_installed_is_told_to_the_person(drawer: Path, backend: str, missing: str) -> None:
    look = f"""
import sys
sys.modules["{missing}"] = None
from pathlib import Path
from idp.cardbridge.__main__ import backend_of, read_arguments
from idp.cardbridge.operation import Desk
from idp.cardbridge.origins import Origins
words = ["--backend", "{backend}", "--module", "any.so", "--drawer", {str(drawer)!r}]
origins = Origins(Path({str(drawer)!r}) / "origins.json")
origins.allow("https://idp.example.tw")
desk = Desk(backend_of(read_arguments(words)), origins)
asked = {{"nonce": "A" * 43, "purpose": "login", "iat": 1}}
print(desk.begin(desk.new_window(), "https://idp.example.tw", asked)["code"])
"""
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "module\n", done.stderr


def test_it_is_ready_in_half_a_second_and_under_forty_megabytes(built: Path, tmp_path: Path, drawer: Path) -> None:
    """Processor time where the machine is busy with other tests, else by the clock."""
    took, memory = [], []
    for _ in range(3):
        agent = RunningAgent(tmp_path, "software", "--drawer", str(drawer), program=(str(built),))
        took.append(min(agent.started_in, agent.seconds_of_work()))
        memory.append(agent.memory)
        agent.stop()
    assert min(took) < READY_SECONDS
    assert max(memory) < MOST_MEMORY


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_every_trouble_refusal_and_purpose_has_its_sentence(language: str) -> None:
    texts = TEXTS[language]
    assert set(texts["troubles"]) == set(TROUBLES)
    assert set(texts["refusals"]) == {*NOT_NOW, "request", "accident"}
    assert set(texts["purposes"]) == set(PURPOSES)
    assert set(texts) == set(TEXTS["zh-TW"])


def test_the_page_names_no_text_that_is_not_there() -> None:
    script = (ROOT / "idp" / "cardbridge" / "page" / "agent.js").read_text()
    used = set(re.findall(r"\btext\.([a-z_]+)", script))
    assert used == set(TEXTS["en"])
