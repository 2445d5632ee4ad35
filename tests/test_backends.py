"""The contract on JAX and torch, each in a process of its own.

One card of every zoo file stands for its family: compiling for JAX costs ten times
what the same checks cost on TensorFlow.
"""

import importlib.util

import pytest

import kerazoo

CHECKS = {"jax": ("builds", "forward", "trains"), "torch": ("builds", "forward")}
ENVIRONMENT = {
    # A step that runs once is not worth optimising: half the compilation time.
    "jax": {"JAX_PLATFORMS": "cpu", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"},
    "torch": {"CUDA_VISIBLE_DEVICES": ""},
}


def families():
    """First card of every zoo file, by domain."""
    found = {}
    for card in kerazoo.catalog.cards().values():
        if card.domain != "user":
            found.setdefault(card.domain, {}).setdefault(card.module, card.name)
    return {domain: list(names.values()) for domain, names in found.items()}


@pytest.mark.backends
@pytest.mark.parametrize("domain", families())
@pytest.mark.parametrize("backend", CHECKS)
def test_contract_holds(backend, domain, python):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    names = families()[domain]
    pairs = [f"{name}-{check}" for name in names for check in CHECKS[backend]]
    if backend == "jax":
        pairs.append(f"{names[-1]}-saves")
    python(
        "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist",
        *(f"tests/test_contract.py::test_contract[{pair}]" for pair in pairs),
        KERAS_BACKEND=backend, PYTEST_ADDOPTS="", **ENVIRONMENT[backend],
    )  # fmt: skip
