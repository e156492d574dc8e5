"""GPT-2 and Llama as one writes them in plain PyTorch (nanoGPT's way: no dropout, no fused kernels of a GPU).

Weights come by Hugging Face's names. Both give logits [batch * time, vocab].
"""
import math

import torch
from torch.nn import functional as F


def gpt2(p, ids, model):
    batch, time = ids.shape
    heads, width = model["n_head"], model["n_embd"]
    eps = model["layer_norm_epsilon"]
    x = p["transformer.wte.weight"][ids] + p["transformer.wpe.weight"][:time]
    norm = lambda h, name: F.layer_norm(h, (width,), p[name + ".weight"], p.get(name + ".bias"), eps)

    def linear(h, name):  # Conv1D weights are [in, out]
        bias = p.get(name + ".bias")
        out = h.view(-1, h.shape[-1]) @ p[name + ".weight"]
        return (out if bias is None else out + bias).view(batch, time, -1)

    gelu = lambda h: F.gelu(h, approximate="none" if model["activation_function"] == "gelu" else "tanh")
    for layer in range(model["n_layer"]):
        name = f"transformer.h.{layer}"
        q, k, v = linear(norm(x, name + ".ln_1"), name + ".attn.c_attn").split(width, dim=2)
        x = x + linear(attention(q, k, v, heads), name + ".attn.c_proj")
        x = x + linear(gelu(linear(norm(x, name + ".ln_2"), name + ".mlp.c_fc")), name + ".mlp.c_proj")
    return norm(x, "transformer.ln_f").view(-1, width) @ p["transformer.wte.weight"].t()


def attention(q, k, v, heads, turn=None):
    """q, k, v [batch, time, width] -> the same shape, causal."""
    batch, time, width = q.shape
    split = lambda h: h.view(batch, time, heads, width // heads).transpose(1, 2)
    q, k, v = split(q), split(k), split(v)
    if turn is not None:
        q, k = turn(q), turn(k)
    scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(q.shape[-1]))
    scores = scores.masked_fill(causal(time), float("-inf"))
    return (F.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(batch, time, width)


_masks = {}


def causal(time):
    if time not in _masks:
        _masks[time] = torch.ones(time, time, dtype=torch.bool).triu(1)
    return _masks[time]


def llama(p, ids, model):
    batch, time = ids.shape
    heads, width, eps = model["num_attention_heads"], model["hidden_size"], model["rms_norm_eps"]
    x = p["model.embed_tokens.weight"][ids]
    norm = lambda h, name: h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + eps) * p[name + ".weight"]
    linear = lambda h, name: F.linear(h, p[name + ".weight"])
    cos, sin = angles(time, width // heads, model["rope_theta"])

    def turn(h):
        first, second = h.chunk(2, dim=-1)
        return h * cos + torch.cat((-second, first), dim=-1) * sin

    for layer in range(model["num_hidden_layers"]):
        name = f"model.layers.{layer}"
        h = norm(x, name + ".input_layernorm")
        q, k, v = (linear(h, f"{name}.self_attn.{part}_proj") for part in "qkv")
        x = x + linear(attention(q, k, v, heads, turn), name + ".self_attn.o_proj")
        h = norm(x, name + ".post_attention_layernorm")
        gate = F.silu(linear(h, name + ".mlp.gate_proj")) * linear(h, name + ".mlp.up_proj")
        x = x + linear(gate, name + ".mlp.down_proj")
    return norm(x, "model.norm").view(-1, width) @ p["model.embed_tokens.weight"].t()


_angles = {}


def angles(time, size, theta):
    key = (time, size, theta)
    if key not in _angles:
        inverse = theta ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
        table = torch.outer(torch.arange(time, dtype=torch.float64), torch.cat((inverse, inverse)))
        _angles[key] = (table.cos().float(), table.sin().float())
    return _angles[key]


def loss(p, ids, labels, model):
    logits = (gpt2 if model["model_type"] == "gpt2" else llama)(p, ids, model)
    return F.cross_entropy(logits, labels.reshape(-1))


def adamw(params, config):
    """Weight decay for tensors of two dimensions, as nanoGPT groups them."""
    groups = [
        {"params": [q for q in params.values() if q.dim() >= 2], "weight_decay": config["weight_decay"]},
        {"params": [q for q in params.values() if q.dim() < 2], "weight_decay": 0.0},
    ]
    betas = (config["adam_beta1"], config["adam_beta2"])
    return torch.optim.AdamW(groups, lr=1e-3, betas=betas, eps=config["adam_epsilon"], foreach=True)
