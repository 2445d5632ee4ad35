"""Regenerates tests/golden/pretrainedmodels: the script takes names of MODELS."""

import importlib.metadata

import peers

peers.declare_torchvision_operators()

import pretrainedmodels  # noqa: E402

MODELS = {
    "bninception": dict(builder="bn_inception"),
}


def run(model, x, settings, fill):
    net = getattr(pretrainedmodels, model)(pretrained=None, **settings.get("peer", {}))
    return peers.run_torch(net, x, fill)


if __name__ == "__main__":
    version = importlib.metadata.version("pretrainedmodels")
    peers.make("pretrainedmodels", version, MODELS, run)
