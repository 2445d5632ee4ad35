"""Regenerates tests/golden/paper: the script takes names of MODELS.

No library computes these networks as their papers do. So here they are once more, from
the papers and the authors' layer files, in torch's functions: what Keras cannot confirm
of itself are the constants of the normalisations, pooling windows that reach over the
border, towers, the order of channels, and which weights are shared. Parameters have the
names of our layers.
"""

import peers
import torch
from torch.nn import functional

MODELS = {
    "alexnet": dict(
        config={"filters": [8, 16, 24, 24, 16], "units": 32},
        input_shape=(227, 227, 3),
        scale=50,
    ),
    "zfnet": dict(config={"filters": [8, 16, 24, 24, 16], "units": 32}, scale=50),
    "bn_alexnet": dict(config={"filters": [8, 16, 24, 24, 16], "units": 32}),
    "nin_cifar10": dict(
        config={"filters": [[24, 20, 12], [24, 24, 24], [24, 24]]},
        input_shape=(32, 32, 3),
    ),
    "nin_imagenet": dict(config={"filters": [12, 16, 24, 32], "classes": 100}),
    "bn_nin": dict(config={"filters": [12, 16, 24, 32]}),
    "cuda_convnet": dict(input_shape=(32, 32, 3), scale=50),
    "cuda_convnet_local": dict(
        config={"filters": [16, 16, 16, 8]}, input_shape=(24, 24, 3), scale=50
    ),
    "vgg11_lrn": dict(
        config={"filters": [8, 12, 16, 24, 24], "units": 32},
        input_shape=(64, 64, 3),
        scale=50,
    ),
    "googlenet": dict(config={"width": 0.25, "aux_heads": False}, scale=50),
    "prelu_net_a": dict(config={"n": 2, "filters": [8, 12, 16, 24], "units": 32}),
    "mcdnn_norb": dict(
        config={"maps": [8, 12], "units": [40]}, input_shape=(48, 48, 2)
    ),
}


class Layers:
    """The layers with weights, on tensors (batch, channels, height, width)."""

    def __init__(self, fill):
        self.fill = fill

    def weight(self, name, *shape):
        return torch.from_numpy(self.fill({name: shape})[name]).double()

    def conv(self, x, name, filters, size, stride=1, pad=0, towers=1):
        kernel = self.weight(
            f"{name}/kernel", size, size, x.shape[1] // towers, filters
        )
        bias = self.weight(f"{name}/bias", filters)
        kernels = kernel.permute(3, 2, 0, 1).chunk(towers)
        maps = [
            functional.conv2d(part, kernel, None, stride, pad)
            for part, kernel in zip(x.chunk(towers, 1), kernels, strict=True)
        ]
        return torch.cat(maps, 1) + bias[:, None, None]

    def dense(self, x, name, units):
        kernel = self.weight(f"{name}/kernel", x.shape[1], units)
        return x @ kernel + self.weight(f"{name}/bias", units)

    def batch_norm(self, x, name):
        gamma, beta, mean, variance = (
            self.weight(f"{name}/{w}", x.shape[1])
            for w in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return functional.batch_norm(x, mean, variance, gamma, beta, eps=1e-3)

    def prelu(self, x, name):
        """One slope for each channel of a map, or for each unit."""
        shape = (1,) * (x.dim() - 2) + (x.shape[1],)
        return functional.prelu(x, self.weight(f"{name}/alpha", *shape).flatten())

    def local(self, x, name, filters):
        """3x3 kernels of its own for every place."""
        n, channels, height, width = x.shape
        shape = (height, width, 9 * channels, filters)
        kernel = self.weight(f"{name}/kernel", *shape)
        kernel = kernel.reshape(height, width, 9, channels, filters)
        bias = self.weight(f"{name}/bias", height, width, filters)
        windows = functional.unfold(x, 3, padding=1)
        windows = windows.reshape(n, channels, 9, height, width)
        maps = torch.einsum("nckhw,hwkcf->nfhw", windows, kernel)
        return maps + bias.permute(2, 0, 1)


relu = functional.relu


def flat(x):
    return x.permute(0, 2, 3, 1).flatten(1)  # rows, columns, channels


def max_pool(x, size=3, stride=2, pad=0, over=False):
    """`over`: windows may reach over the border, where they see less."""
    return functional.max_pool2d(x, size, stride, pad, ceil_mode=over)


def average_pool(x):
    """3x3 with stride 2, of what windows see inside the map."""
    return functional.avg_pool2d(x, 3, 2, ceil_mode=True)


def across_maps(x, size=5, alpha=1e-4, k=2.0):
    """Krizhevsky et al. (2012), section 3.3; torch's alpha is divided by the size."""
    return functional.local_response_norm(x, size, alpha * size, 0.75, k)


def alexnet(net, x, filters, units):
    """Two towers, which see each other in conv3 and in the dense layers only."""
    x = relu(net.conv(x, "conv1", filters[0], 11, stride=4))
    x = max_pool(across_maps(x))
    x = relu(net.conv(x, "conv2", filters[1], 5, pad=2, towers=2))
    x = max_pool(across_maps(x))
    x = relu(net.conv(x, "conv3", filters[2], 3, pad=1))
    x = relu(net.conv(x, "conv4", filters[3], 3, pad=1, towers=2))
    x = relu(net.conv(x, "conv5", filters[4], 3, pad=1, towers=2))
    x = flat(max_pool(x))
    x = relu(net.dense(x, "fc6", units))
    x = relu(net.dense(x, "fc7", units))
    return net.dense(x, "fc8", 1000)


def zfnet(net, x, filters, units):
    """Figure 3: pooling before normalisation, maps of 110, 55, 26, 13 and 6."""
    x = relu(net.conv(x, "conv1", filters[0], 7, stride=2, pad=1))
    x = across_maps(max_pool(x, over=True))
    x = relu(net.conv(x, "conv2", filters[1], 5, stride=2))
    x = across_maps(max_pool(x, over=True))
    for i in (2, 3, 4):
        x = relu(net.conv(x, f"conv{i + 1}", filters[i], 3, pad=1))
    x = flat(max_pool(x))
    x = relu(net.dense(x, "fc6", units))
    x = relu(net.dense(x, "fc7", units))
    return net.dense(x, "fc8", 1000)


def bn_alexnet(net, x, filters, units):
    """The torch7 file alexnetowtbn.lua."""

    def block(x, i, size, stride=1, pad=1):
        x = net.conv(x, f"conv{i}", filters[i - 1], size, stride, pad)
        return relu(net.batch_norm(x, f"conv{i}_bn"))

    x = max_pool(block(x, 1, 11, stride=4, pad=2))
    x = max_pool(block(x, 2, 5, pad=2))
    x = flat(max_pool(block(block(block(x, 3, 3), 4, 3), 5, 3)))
    for name in ("fc6", "fc7"):
        x = relu(net.batch_norm(net.dense(x, name, units), f"{name}_bn"))
    return net.dense(x, "fc8", 1000)


def mlpconv(net, x, name, filters, size, **where):
    for i, n in enumerate(filters, 1):
        x = relu(net.conv(x, f"{name}_{i}", n, size, **where))
        size, where = 1, {}
    return x


def nin_cifar10(net, x, filters):
    """The authors' layer file: a maximum first, then a mean."""
    x = mlpconv(net, x, "mlpconv1", filters[0], 5, pad=2)
    x = mlpconv(net, max_pool(x, over=True), "mlpconv2", filters[1], 5, pad=2)
    x = mlpconv(net, average_pool(x), "mlpconv3", [*filters[2], 10], 3, pad=1)
    return x.mean((2, 3))


def nin_imagenet(net, x, filters, classes):
    """The authors' Caffe model."""
    a, b, c, d = filters
    x = mlpconv(net, x, "mlpconv1", (a, a, a), 11, stride=4)
    x = mlpconv(net, max_pool(x, over=True), "mlpconv2", (b, b, b), 5, pad=2)
    x = mlpconv(net, max_pool(x, over=True), "mlpconv3", (c, c, c), 3, pad=1)
    x = mlpconv(net, max_pool(x, over=True), "mlpconv4", (d, d, classes), 3, pad=1)
    return x.mean((2, 3))


def bn_nin(net, x, filters):
    """The torch7 file ninbn.lua."""
    for i, (n, size, stride) in enumerate(
        zip(filters, (11, 5, 3, 3), (4, 1, 1, 1), strict=True), 1
    ):
        if i > 1:
            x = max_pool(x, pad=1)
        for j in (1, 2, 3):
            where = (size, stride, size // 2) if j == 1 else (1,)
            x = net.conv(x, f"mlpconv{i}_{j}", n, *where)
            x = relu(net.batch_norm(x, f"mlpconv{i}_{j}_bn"))
    return net.dense(x.mean((2, 3)), "fc", 1000)


def within_map(x):
    """The layer type rnorm: mean energy of 3x3 places, zeros around the map."""
    energy = functional.avg_pool2d(x**2, 3, 1, padding=1)
    return x / (1 + 5e-5 * energy) ** 0.75


def cuda_convnet(net, x):
    """layers-18pct.cfg."""
    x = within_map(relu(max_pool(net.conv(x, "conv1", 32, 5, pad=2), over=True)))
    x = within_map(average_pool(relu(net.conv(x, "conv2", 32, 5, pad=2))))
    x = average_pool(relu(net.conv(x, "conv3", 64, 5, pad=2)))
    return net.dense(flat(x), "fc10", 10)


def cuda_convnet_local(net, x, filters):
    """layers-conv-local-11pct.cfg: the one layer normalises before pooling."""
    norm = dict(size=9, alpha=0.001 / 9, k=1.0)
    x = max_pool(relu(net.conv(x, "conv1", filters[0], 5, pad=2)), over=True)
    x = across_maps(x, **norm)
    x = across_maps(relu(net.conv(x, "conv2", filters[1], 5, pad=2)), **norm)
    x = relu(net.local(max_pool(x, over=True), "local3", filters[2]))
    x = relu(net.local(x, "local4", filters[3]))
    return net.dense(flat(x), "fc10", 10)


def vgg11_lrn(net, x, filters, units):
    """Table 1, column A-LRN."""
    for i, repeats in enumerate((1, 1, 2, 2, 2)):
        for j in range(repeats):
            x = relu(net.conv(x, f"conv{i + 1}_{j + 1}", filters[i], 3, pad=1))
        if i == 0:
            x = across_maps(x)
        x = max_pool(x, 2)
    x = relu(net.dense(flat(x), "fc6", units))
    x = relu(net.dense(x, "fc7", units))
    return net.dense(x, "fc8", 1000)


GOOGLENET = """
3a 64 96 128 16 32 32
3b 128 128 192 32 96 64
4a 192 96 208 16 48 64
4b 160 112 224 24 64 64
4c 128 128 256 24 64 64
4d 112 144 288 32 64 64
4e 256 160 320 32 128 128
5a 256 160 320 32 128 128
5b 384 192 384 48 128 128
"""


def googlenet(net, x, width, aux_heads):
    """Table 1 and Figure 3, without the heads."""

    def conv(x, name, filters, size, **where):
        return relu(net.conv(x, name, int(int(filters) * width), size, **where))

    x = max_pool(conv(x, "conv1", 64, 7, stride=2, pad=3), over=True)
    x = conv(across_maps(x), "conv2_reduce", 64, 1)
    x = max_pool(across_maps(conv(x, "conv2", 192, 3, pad=1)), over=True)
    for row in GOOGLENET.strip().splitlines():
        module, n1, reduce3, n3, reduce5, n5, projection = row.split()
        name = f"inception_{module}"
        if module in ("4a", "5a"):
            x = max_pool(x, over=True)
        three = conv(x, f"{name}_3x3_reduce", reduce3, 1)
        five = conv(x, f"{name}_5x5_reduce", reduce5, 1)
        pooled = max_pool(x, 3, 1, pad=1)
        x = torch.cat([
            conv(x, f"{name}_1x1", n1, 1),
            conv(three, f"{name}_3x3", n3, 3, pad=1),
            conv(five, f"{name}_5x5", n5, 5, pad=2),
            conv(pooled, f"{name}_pool_proj", projection, 1),
        ], 1)  # fmt: skip
    return net.dense(x.mean((2, 3)), "fc", 1000)


def prelu_net_a(net, x, n, filters, units):
    """Table 3, and the pyramid of He et al. (2014) on a map of 14x14."""
    x = net.prelu(net.conv(x, "conv1", filters[0], 7, 2, 3), "conv1_prelu")
    for stage in (2, 3, 4):
        x = max_pool(x, 2)
        for i in range(1, n + 1):
            name = f"conv{stage}_{i}"
            x = net.conv(x, name, filters[stage - 1], 3, pad=1)
            x = net.prelu(x, f"{name}_prelu")
    windows = ((2, 2), (5, 4), (7, 7), (14, 14))  # and strides, of 7, 3, 2 and 1 bins
    x = torch.cat([flat(max_pool(x, *window)) for window in windows], 1)
    for name in ("fc1", "fc2"):
        x = net.prelu(net.dense(x, name, units), f"{name}_prelu")
    return net.dense(x, "fc3", 1000)


def mcdnn_norb(net, x, maps, units):
    """2x48x48-300C6-MP2-500C4-MP4-500N-6N; windows clipped at the border."""

    def squash(x):
        return 1.7159 * torch.tanh(2 / 3 * x)

    x = max_pool(squash(net.conv(x, "conv1", maps[0], 6)), 2, 2, over=True)
    x = max_pool(squash(net.conv(x, "conv2", maps[1], 4)), 4, 4, over=True)
    return net.dense(squash(net.dense(flat(x), "fc1", units[0])), "output", 6)


def run(model, x, settings, fill):
    scale = settings.get("scale", 1)
    x = torch.from_numpy(scale * x.transpose(0, 3, 1, 2)).double()
    outputs = globals()[model](Layers(fill), x, **settings.get("config", {}))
    return outputs.numpy(), {"scale": scale}


if __name__ == "__main__":
    for settings in MODELS.values():
        settings["native"] = True
    peers.make("paper", "torch " + torch.__version__.partition("+")[0], MODELS, run)
