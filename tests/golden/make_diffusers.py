"""Regenerates tests/golden/diffusers: python make_diffusers.py [MODEL ...]."""

import peers
import torch

peers.declare_torchvision_operators()

import diffusers  # noqa: E402

STEPS = [3, 700]  # one for each of the two images


def peer(channels, attention, **settings):
    """Keywords of `UNet2DModel`, as in the configurations of google/ddpm-*."""
    kinds = ["Attn" * (level in attention) for level in range(1, len(channels) + 1)]
    return {
        "block_out_channels": channels,
        "down_block_types": [f"{kind}DownBlock2D" for kind in kinds],
        "up_block_types": [f"{kind}UpBlock2D" for kind in reversed(kinds)],
        "downsample_padding": 0,
        "flip_sin_to_cos": False,
        "freq_shift": 1,
        "norm_eps": 1e-6,
        "attention_head_dim": None,
        **settings,
    }


MODELS = {
    "ddpm-cifar10-32": dict(
        builder="ddpm",
        input_shape=(32, 32, 3),
        peer=peer([128, 256, 256, 256], {2}, layers_per_block=2),
    ),
    "ddpm-256_reduced": dict(
        builder="ddpm_256",
        config={"filters": 16, "groups": 8},
        input_shape=(64, 64, 3),
        peer=peer(
            [16, 16, 32, 32, 64, 64], {5}, layers_per_block=2, norm_num_groups=8
        ),
    ),
}  # fmt: skip


def run(model, x, settings, fill):
    """The noise in each image, as one row, channels last."""
    model = diffusers.UNet2DModel(**settings["peer"]).double().eval()
    state = model.state_dict()
    values = fill({name: tensor.shape for name, tensor in state.items()})
    with torch.inference_mode():
        for name, tensor in state.items():
            tensor.copy_(torch.from_numpy(values[name]))
        x = torch.from_numpy(x.transpose(0, 3, 1, 2)).double()
        noise = model(x, torch.tensor(STEPS)).sample
    return noise.permute(0, 2, 3, 1).reshape(2, -1).numpy(), {"steps": STEPS}


if __name__ == "__main__":
    peers.make("diffusers", diffusers.__version__, MODELS, run)
