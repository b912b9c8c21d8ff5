"""scripts/serve: what it says when it cannot, and that it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from scripts import certificate
from tests.server import ROOT, Server, children_of, free_port

SERVE = ROOT / "scripts" / "serve.py"


def _refused(folder: Path, *arguments: str, **settings: str) -> str:
    """Start what cannot start; the one sentence it says."""
    done = subprocess.run(
        [sys.executable, SERVE, *arguments],
        env={**os.environ, "WRISTBAND_DATA_DIR": str(folder), **settings},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"端口 {port} 已被占用" in _refused(tmp_path, "--port", str(port))


def test_it_does_not_serve_a_production(tmp_path: Path) -> None:
    assert "正式运行" in _refused(tmp_path, WRISTBAND_MODE="production")


def test_reset_touches_no_folder_but_its_own(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("x")
    assert "--reset" in _refused(tmp_path, "--reset")
    assert kept.read_text() == "x"


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "不能写入" in _refused(tmp_path / "file" / "below")


def test_one_instance_is_served_once(server: Server) -> None:
    assert "已经有一个服务在用" in _refused(server.folder, "--port", str(free_port()))


def test_a_worker_that_dies_is_started_again(server: Server) -> None:
    first = _worker_of(server)
    os.kill(first, signal.SIGKILL)
    assert server.eventually(lambda: _worker_of(server) not in (0, first))


def _worker_of(served: Server) -> int:
    """The delivery worker's id, 0 while there is none."""
    commands = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children_of(served.process_id)}
    return next((child for child, command in commands.items() if b"deliver" in command), 0)


def test_a_certificate_is_kept_until_an_address_changes(tmp_path: Path) -> None:
    pair = certificate.certificate_for(["192.168.1.5"], tmp_path / "tls")
    first = pair.certificate.read_bytes()
    assert stat.S_IMODE(pair.key.stat().st_mode) == 0o600
    certificate.certificate_for(["192.168.1.5"], tmp_path / "tls")
    assert pair.certificate.read_bytes() == first
    certificate.certificate_for(["192.168.1.6"], tmp_path / "tls")
    names = x509.load_pem_x509_certificate(pair.certificate.read_bytes()).extensions
    covered = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in covered.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "192.168.1.6"]


@pytest.mark.parametrize("broken", ["certificate.pem", "key.pem"])
def test_a_broken_certificate_is_made_anew(tmp_path: Path, broken: str) -> None:
    pair = certificate.certificate_for(["192.168.1.5"], tmp_path)
    first = pair.certificate.read_bytes()
    (tmp_path / broken).unlink()
    certificate.certificate_for(["192.168.1.5"], tmp_path)
    assert pair.certificate.read_bytes() != first
    assert pair.key.exists()
