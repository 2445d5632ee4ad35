"""Greedy text generation with GPT-2 beside transformers, KerasHub and without a cache.

    python -m benchmarks.generation --batch-size 1 8

The 124M-parameter network with random weights continues random prompts of 16 tokens by
64, float32. All give the same number of tokens. Goes to
results/generation.csv. Peers that are not installed are left out.
"""

import argparse
import importlib.util
import os
import sys

import numpy as np

from benchmarks.records import accelerator, backend, record
from benchmarks.side_by_side import (
    Rival,
    compare,
    table,
    torch_device,
    wait_for_torch,
)
from tests.golden.peers import declare_torchvision_operators

PROMPT, NEW = 16, 64
VOCABULARY = 50_257


def _prompts(batch_size):
    rng = np.random.default_rng(0)
    return rng.integers(0, VOCABULARY - 1, (batch_size, PROMPT))


def by_kerazoo(batch_size):
    """`generate` of our model."""
    import keras

    import kerazoo

    keras.utils.set_random_seed(0)
    model = kerazoo.gpt2(compile=False)
    prompts = _prompts(batch_size)

    def work():
        assert np.shape(model.generate(prompts, NEW)) == (batch_size, PROMPT + NEW)

    return work


def without_cache(batch_size):
    """Our model, the whole text anew for every token."""
    import keras

    import kerazoo
    from kerazoo.layers.compilation import compiled

    keras.utils.set_random_seed(0)
    model = kerazoo.gpt2(compile=False, sequence_length=PROMPT + NEW)
    prompts = _prompts(batch_size)
    # One shape for all lengths: what is not written yet cannot be attended to.
    forward = compiled(model, model)

    def work():
        tokens = np.zeros((batch_size, PROMPT + NEW), "int32")
        tokens[:, :PROMPT] = prompts
        for i in range(PROMPT, PROMPT + NEW):
            logits = keras.ops.convert_to_numpy(forward(tokens))
            tokens[:, i] = logits[:, i - 1].argmax(axis=-1)

    return work


def by_transformers(batch_size):
    """`generate` of GPT2LMHeadModel."""
    import torch

    declare_torchvision_operators()
    import transformers

    torch.manual_seed(0)
    device = torch_device()
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config()).eval().to(device)
    prompts = torch.from_numpy(_prompts(batch_size)).to(device)

    def work():
        with torch.inference_mode():
            tokens = model.generate(
                prompts, attention_mask=torch.ones_like(prompts), do_sample=False,
                min_new_tokens=NEW, max_new_tokens=NEW, pad_token_id=VOCABULARY - 1,
            )  # fmt: skip
        wait_for_torch()
        assert tokens.shape == (batch_size, PROMPT + NEW)

    return work


def by_keras_hub(batch_size):
    """`generate` of GPT2CausalLM."""
    import keras
    import keras_hub

    keras.utils.set_random_seed(0)
    backbone = keras_hub.models.GPT2Backbone(
        vocabulary_size=VOCABULARY, num_layers=12, num_heads=12, hidden_dim=768,
        intermediate_dim=3072, max_sequence_length=1024,
    )  # fmt: skip
    model = keras_hub.models.GPT2CausalLM(backbone, preprocessor=None)
    model.compile(sampler="greedy")
    tokens = np.zeros((batch_size, PROMPT + NEW), "int32")
    tokens[:, :PROMPT] = _prompts(batch_size)
    written = np.broadcast_to(np.arange(PROMPT + NEW) < PROMPT, tokens.shape)
    inputs = {"token_ids": tokens, "padding_mask": written}

    def work():
        text = model.generate(inputs, stop_token_ids=None)["token_ids"]
        assert np.shape(text) == (batch_size, PROMPT + NEW)

    return work


def main(arguments=None):
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batch-size", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args(arguments)
    functions = {"kerazoo": by_kerazoo, "kerazoo without cache": without_cache}
    if importlib.util.find_spec("transformers"):
        functions["transformers"] = by_transformers
    if importlib.util.find_spec("keras_hub"):
        functions["KerasHub"] = by_keras_hub
    rows = []
    for batch_size in arguments.batch_size:
        rivals = {
            name: Rival(
                f"benchmarks.generation:{function.__name__}",
                (batch_size,),
                threads=arguments.threads,
            )
            for name, function in functions.items()
        }
        timings = compare(rivals, repeats=arguments.repeats)
        ours = timings["kerazoo"]["seconds"]
        for name, timing in timings.items():
            row = {
                "by": name,
                "batch_size": batch_size,
                "tokens_per_second": batch_size * NEW / timing["seconds"],
                "seconds": timing["seconds"],
                "fastest": timing["fastest"],
                "slowest": timing["slowest"],
                "kerazoo_over_this": timing["seconds"] / ours,
                "threads": arguments.threads,
                "repeats": arguments.repeats,
                "device": accelerator(),
                "backend": backend(),
            }
            key = ["by", "batch_size", "threads", "device", "backend"]
            record("generation", row, key=key)
            rows.append(row)
    table(rows)


if __name__ == "__main__":
    sys.exit(main())
