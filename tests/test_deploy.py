"""deploy/ is what the programs it is for accept, and names no setting and no path that Frontdesk does not have."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from frontdesk.settings import Settings
from tests.process import ROOT

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "frontdesk"
UNIT = DEPLOY / "systemd" / "frontdesk@.service"


def run(*command: str | Path) -> str:
    """What a program says of a file. Skips where the program is not here."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_every_variable_in_deploy_and_its_guide_is_a_setting() -> None:
    known = {f"FRONTDESK_{name.upper()}" for name in Settings.model_fields}
    files = [file for file in DEPLOY.rglob("*") if file.is_file()]
    files += [ROOT / "docs" / name for name in ("deploying.md", "scaling.md", "backup.md")]
    for file in files:
        named = set(re.findall(r"FRONTDESK_[A-Z_]+[A-Z]", file.read_text(encoding="utf-8")))
        assert named <= known, (file.name, named - known)


@pytest.mark.parametrize("name", ["haproxy.cfg", "haproxy.compose.cfg"])
def test_haproxy_takes_its_configuration(name: str) -> None:
    run("haproxy", "-c", "-f", DEPLOY / name)


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\nhttp {{ access_log off; include {DEPLOY}/nginx.conf; }}\n"
    )
    run("nginx", "-t", "-q", "-p", tmp_path, "-c", whole)


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "frontdesk"
    program.touch(mode=0o755)
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/frontdesk/bin/frontdesk", str(program)))
    run("systemd-analyze", "verify", "--man=no", unit)


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]


def test_only_the_proxy_of_the_compose_file_can_be_reached_from_outside() -> None:
    services = compose()
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert services["desk"]["environment"]["FRONTDESK_DATABASE_URL"].endswith("@database:5432/frontdesk")
    desk = services["desk"]
    assert (desk["read_only"], desk["cap_drop"]) == (True, ["ALL"])


def test_every_file_that_the_dockerfile_copies_is_there() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
    assert re.search(r"^USER 10001", text, re.MULTILINE)
    assert all((DEPLOY / name).exists() for name in ("haproxy.compose.cfg", ".env.example"))


def test_helm_takes_the_chart() -> None:
    run("helm", "lint", "--strict", CHART)


def test_the_chart_names_only_values_it_has() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    for template in (CHART / "templates").iterdir():
        text = template.read_text(encoding="utf-8")
        assert text.count("{{- if") + text.count("{{- range") + text.count("{{- with") + text.count(
            "{{- define"
        ) == text.count("{{- end")
        for path in re.findall(r"\.Values\.([\w.]+)", text):
            found: Any = values
            for name in path.split("."):
                assert name in found, f"{template.name}: .Values.{path}"
                found = found[name]


def test_nothing_is_killed_before_it_may_have_ended_its_turns() -> None:
    serve = (ROOT / "src/frontdesk/cli/serve.py").read_text()
    graceful = int(re.search(r"timeout_graceful_shutdown=(\d+)", serve)[1])  # type: ignore[index]
    unit = int(re.search(r"TimeoutStopSec=(\d+)", UNIT.read_text())[1])  # type: ignore[index]
    chart = int(
        re.search(r"terminationGracePeriodSeconds: (\d+)", (CHART / "templates/deployment.yaml").read_text())[  # type: ignore[index]
            1
        ]
    )
    patience = int(compose()["desk"]["stop_grace_period"].removesuffix("s"))
    # Beside open requests, Support.stop gives turns 10 s and jobs 5 s; the chart's includes 5 s of preStop.
    assert min(unit, chart - 5, patience) >= graceful + 15
