"""Serve a demonstration from this checkout: set up, web server, delivery worker, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import ctypes
import errno
import fcntl
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FREE_BYTES_NEEDED = 600_000_000  # below 500 MB the service itself refuses pictures
READY_WITHIN_S = 60
STOP_WITHIN_S = 15
# Each live desk stream holds a thread, and settings allow 16 a process: the rest stay free for everybody else.
THREADS = 32
WORKERS = 2
STANDS = "服务已就绪。"
_PR_SET_PDEATHSIG = 1


class CannotServe(Exception):
    """One sentence for the person at the terminal."""


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parse(arguments)
    try:
        folder = _instance(asked)
        with _alone(folder):
            _must_be_free("0.0.0.0" if asked.lan else "127.0.0.1", asked.port)  # noqa: S104  asked for by --lan
            address, environment, tls = _prepare(asked, folder)
            return _serve(asked, address, environment, tls)
    except CannotServe as refusal:
        print(f"scripts/serve: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/serve", description="在本机试用：准备环境和演示数据，启动网页服务和消息投递，按 Ctrl-C 停止。"
    )
    parser.add_argument("--port", type=int, default=8000, help="监听的端口，默认 8000")
    parser.add_argument("--lan", action="store_true", help="用 HTTPS 让同一网络里的手机能扫码，证书由本机自己做")
    parser.add_argument("--reset", action="store_true", help="重新开始：清空演示的全部数据")
    asked = parser.parse_args(arguments)
    if not 1 <= asked.port <= 65535:
        parser.error("--port 要写 1 到 65535 之间的数字")
    return asked


def _instance(asked: argparse.Namespace) -> Path:
    """The instance's folder, made if need be. A LAN instance is its own: its bands carry the LAN address."""
    if os.environ.get("WRISTBAND_MODE", "development") != "development":
        raise CannotServe("这个命令只用来试用；正式运行请看 README。")
    own = ROOT / ("instance-lan" if asked.lan else "instance")
    folder = Path(os.environ.get("WRISTBAND_DATA_DIR") or own).resolve()
    if asked.reset and (folder != own or "WRISTBAND_DATABASE_URL" in os.environ):
        raise CannotServe("--reset 只清空演示自己的文件夹；请先取消 WRISTBAND_ 开头的设置。")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise CannotServe(f"文件夹 {folder} 不能写入：{error.strerror}。") from None
    if free < FREE_BYTES_NEEDED:
        raise CannotServe(f"磁盘快满了；{folder} 需要 {FREE_BYTES_NEEDED // 1_000_000} MB 空间，请先清理。")
    return folder


def _alone(folder: Path) -> IO[str]:
    """Hold the instance; two servers and a --reset on one folder would destroy each other's work."""
    lock = (folder / "serving.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise CannotServe(f"{folder} 已经有一个服务在用；请先在那边按 Ctrl-C 停止。") from None
    return lock


def _prepare(asked: argparse.Namespace, folder: Path) -> tuple[str, dict[str, str], list[str]]:
    """The address people open, the children's environment, and gunicorn's options for TLS."""
    if asked.reset:
        for kept in folder.iterdir():
            if kept.name != "serving.lock":
                shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    tls: list[str] = []
    address = f"http://127.0.0.1:{asked.port}"
    if asked.lan:
        import certificate  # only here: a start is quicker without cryptography

        main_one, addresses = certificate.lan_addresses()
        if main_one is None:
            raise CannotServe("本机没有联网；请连上手机所在的 Wi-Fi,或者不用 --lan。")
        pair = certificate.certificate_for(addresses, folder / "tls")
        tls = ["--certfile", str(pair.certificate), "--keyfile", str(pair.key)]
        address = f"https://{main_one}:{asked.port}"
    environment = os.environ | {
        "WRISTBAND_MODE": "development",
        "WRISTBAND_DATA_DIR": str(folder),
        "WRISTBAND_BASE_URL": address,
        "WRISTBAND_DEMONSTRATION": os.environ.get("WRISTBAND_DEMONSTRATION", "true"),
        "WRISTBAND_SECOND_FACTOR": os.environ.get("WRISTBAND_SECOND_FACTOR", "offered"),
    }
    return address, environment, tls


def _must_be_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotServe(f"端口 {port} 已被占用；请换一个，例如 scripts/serve --port {port + 1}") from None
            raise CannotServe(f"端口 {port} 不能用：{os.strerror(error.errno or 0)}。") from None


def _serve(asked: argparse.Namespace, address: str, environment: dict[str, str], tls: list[str]) -> int:
    stopping = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: stopping.set())
    family: list[subprocess.Popen[bytes]] = []
    try:
        web, worker = _start_all(asked, environment, tls, family)
        if not _wait_until_ready(address, tls, web, stopping):
            raise CannotServe("服务没有启动成功；原因见上面几行。")
        if not stopping.is_set():
            subprocess.run([BIN / "wristband", "start-here"], cwd=ROOT, env=environment, preexec_fn=_die_with_parent)
            if asked.lan:
                print("手机第一次打开会提示证书不受信任，因为证书是本机自己做的：请选择继续访问。", flush=True)
            print(f"{STANDS}按 Ctrl-C 停止。", flush=True)
        return _watch(web, worker, family, environment, stopping)
    finally:
        _stop(family)


def _start_all(
    asked: argparse.Namespace, environment: dict[str, str], tls: list[str], family: list[subprocess.Popen[bytes]]
) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
    """Set up, then web server and worker, each into `family` as soon as it runs. Returns the last two."""
    setting_up = _start([str(BIN / "wristband"), "setup"], environment)
    family.append(setting_up)
    keys = Path(environment.get("WRISTBAND_KEYS_DIR") or Path(environment["WRISTBAND_DATA_DIR"]) / "keys")
    # The first time all wait for the keys; again, the web server loads meanwhile and is ready when the schema is.
    first_time = not any(keys.glob("*.key"))
    if first_time:
        _must_succeed(setting_up)
    host = "0.0.0.0" if asked.lan else "127.0.0.1"  # noqa: S104
    web = _start([*_web_command(f"{host}:{asked.port}"), *tls], environment)
    family.append(web)
    _must_succeed(setting_up)
    worker = _start_worker(environment)
    family.append(worker)
    return web, worker


def _must_succeed(setting_up: subprocess.Popen[bytes]) -> None:
    if setting_up.wait():
        raise CannotServe("准备没有成功；原因见上面几行。")


def _web_command(bind: str) -> list[str]:
    return [
        *(str(BIN / "gunicorn"), "wsgi:app", "--bind", bind),
        *("--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS)),
        # Loaded once and shared; nothing opens the database before the workers part.
        *("--preload", "--timeout", "60", "--graceful-timeout", "5", "--log-level", "warning", "--no-control-socket"),
    ]


def _start(command: list[str], environment: dict[str, str], stdout: int | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, preexec_fn=_die_with_parent
    )


def _start_worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # Its own words are for somebody who started it alone; faults still reach the terminal.
    return _start([str(BIN / "wristband"), "deliver"], environment, stdout=subprocess.DEVNULL)


def _die_with_parent() -> None:
    """In the child: when this supervisor is killed outright, its children end too instead of holding the port."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_until_ready(address: str, tls: list[str], web: subprocess.Popen[bytes], stopping: threading.Event) -> bool:
    """Whether it answers that it is ready; also true when it need not any more, since it is told to stop."""
    trust = ssl.create_default_context(cafile=tls[1]) if tls else None
    latest = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < latest and web.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5, context=trust):  # noqa: S310  our own address
                return True
        except (urllib.error.URLError, OSError):
            if stopping.wait(0.1):
                return True
    return False


def _watch(
    web: subprocess.Popen[bytes],
    worker: subprocess.Popen[bytes],
    family: list[subprocess.Popen[bytes]],
    environment: dict[str, str],
    stopping: threading.Event,
) -> int:
    """Until told to stop: the worker is started again when it ends, the web server's end is ours."""
    pause_s = 1.0
    while not stopping.wait(0.3):
        if web.poll() is not None:
            print("scripts/serve: 网页服务退出了；原因见上面几行。", file=sys.stderr)
            return 1
        if worker.poll() is not None:
            print(f"scripts/serve: 消息投递退出了，{pause_s:.0f} 秒后重新启动。", file=sys.stderr)
            if stopping.wait(pause_s):
                break
            family.remove(worker)
            worker = _start_worker(environment)
            family.append(worker)
            pause_s = min(pause_s * 2, 30.0)
    return 0


def _stop(family: list[subprocess.Popen[bytes]]) -> None:
    """End our own children, by their id: asked first, killed when they do not listen."""
    for child in family:
        if child.poll() is None:
            child.terminate()
    latest = time.monotonic() + STOP_WITHIN_S
    for child in family:
        try:
            child.wait(max(0.1, latest - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


if __name__ == "__main__":
    sys.exit(main())
