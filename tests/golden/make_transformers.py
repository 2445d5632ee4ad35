"""Regenerates tests/golden/huggingface: python make_transformers.py [MODEL ...]."""

import peers
import torch

peers.declare_torchvision_operators()

import transformers  # noqa: E402

NEW_TOKENS = 24

MODELS = {
    "gpt2_reduced": dict(
        builder="gpt2",
        config={"vocabulary_size": 211, "sequence_length": 40, "num_layers": 3,
                "num_heads": 4, "hidden_dim": 64},
        peer={"vocab_size": 211, "n_positions": 40, "n_layer": 3, "n_head": 4,
              "n_embd": 64},
        tokens=(12, 211),
        native=True,
    ),
    "gpt2": dict(tokens=(8, 50257), native=True),
}  # fmt: skip


def run(model, x, settings, fill):
    """Logits of the last token; for reduced models also the greedy continuation."""
    config = transformers.GPT2Config(**settings.get("peer", {}))
    model = transformers.GPT2LMHeadModel(config).double().eval()
    state = model.transformer.state_dict()
    values = fill({name: tensor.shape for name, tensor in state.items()})
    with torch.inference_mode():
        for name, tensor in state.items():
            tensor.copy_(torch.from_numpy(values[name]))
        x = torch.from_numpy(x).long()
        logits = model(x).logits[:, -1]
        if "peer" not in settings:
            return logits.numpy()
        texts = model.generate(
            x,
            attention_mask=torch.ones_like(x),
            max_new_tokens=NEW_TOKENS,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )
        # Single precision must not change which token is the first.
        best = model(texts).logits[:, x.shape[1] - 1 : -1].topk(2).values
        margin = (best[..., 0] - best[..., 1]).min().item()
    generated = texts[:, x.shape[1] :].tolist()
    variety = min(len(set(text)) for text in generated)
    assert margin > 1e-3 and variety > 4, (margin, variety, generated)
    return logits.numpy(), {"generated": generated}


if __name__ == "__main__":
    peers.make("huggingface", transformers.__version__, MODELS, run)
