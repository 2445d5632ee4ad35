"""Regenerates torch_geometric.json: python make_torch_geometric.py.

What PyTorch Geometric's GCNConv makes of a random graph. The weights are functions of
their names and shapes (`peers.weight`), so only the output is stored.
"""

import json

import numpy as np
import peers

if __name__ == "__main__":
    import torch
    import torch_geometric

    x, edges = peers.graph()
    edges = torch.from_numpy(np.concatenate([edges, edges[:, ::-1]]).T.copy())
    hidden = torch_geometric.nn.GCNConv(5, 4).double()
    last = torch_geometric.nn.GCNConv(4, 3).double()
    with torch.no_grad():
        for name, layer in (("conv1", hidden), ("conv2", last)):
            for key, tensor in layer.state_dict().items():
                value = peers.weight(f"{name}.{key}", tuple(tensor.shape))
                tensor.copy_(torch.from_numpy(value))
        outputs = last(hidden(torch.from_numpy(x).double(), edges).relu(), edges)
    golden = {
        "peer": "torch_geometric",
        "version": torch_geometric.__version__,
        "logits": outputs.tolist(),
    }
    path = peers.HERE / "torch_geometric.json"
    path.write_text(json.dumps(golden, indent=1) + "\n")
