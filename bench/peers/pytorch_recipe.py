"""The recipe in plain PyTorch, the way nanoGPT trains: random windows, warm-up, cosine, clipping."""
import math
import time

import torch

import pytorch_models as models


def train(task, text):
    spec = task["spec"]
    model, schedule = spec["model"], spec["schedule"]
    batch, context = spec["per_device_train_batch_size"], model["n_positions"]
    torch.manual_seed(task["seed"])
    data, validation = split(task, text)
    params = initial(model)
    optimizer = models.adamw(params, spec["optimizer"])
    clip = spec["optimizer"]["max_grad_norm"]
    ahead = torch.arange(context)
    start, last = time.perf_counter(), float("nan")
    for step in range(task["steps"]):
        for group in optimizer.param_groups:
            group["lr"] = rate(schedule, step)
        at = torch.randint(len(data) - context, (batch, 1)) + ahead
        optimizer.zero_grad(set_to_none=True)
        loss = models.loss(params, data[at], data[at + 1], model)
        loss.backward()
        if clip > 0:
            torch.nn.utils.clip_grad_norm_(params.values(), clip)
        optimizer.step()
        last = loss.item()
        if spec["eval_steps"] > 0 and (step + 1) % spec["eval_steps"] == 0:
            evaluate(params, validation, model, batch, context, spec["eval_batches"])
    seconds = time.perf_counter() - start
    val_loss, count = evaluate(params, validation, model, batch, context, None)
    return {"seconds": seconds, "val_loss": val_loss, "last_loss": last, "tokens": count}


def split(task, text):
    """Tokens for training and for validation."""
    ids = {letter: i for i, letter in enumerate(sorted(set(text)))}
    tokens = torch.tensor([ids[letter] for letter in text], dtype=torch.long)
    cut = int(len(text) * (1 - task["validation_split"]))
    return tokens[:cut], tokens[cut:]


def evaluate_whole(task, text, params):
    spec = task["spec"]
    model, batch = spec["model"], spec["per_device_train_batch_size"]
    _, validation = split(task, text)
    val_loss, count = evaluate(params, validation, model, batch, model["n_positions"], None)
    return {"val_loss": val_loss, "tokens": count}


def initial(model):
    width, layers, std = model["n_embd"], model["n_layer"], model["initializer_range"]
    residual = std / math.sqrt(2 * layers)
    p = {"transformer.wte.weight": torch.randn(model["vocab_size"], width) * std}
    p["transformer.wpe.weight"] = torch.randn(model["n_positions"], width) * std
    for layer in range(layers):
        name = f"transformer.h.{layer}"
        p[name + ".ln_1.weight"] = torch.ones(width)
        p[name + ".attn.c_attn.weight"] = torch.randn(width, 3 * width) * std
        p[name + ".attn.c_proj.weight"] = torch.randn(width, width) * residual
        p[name + ".ln_2.weight"] = torch.ones(width)
        p[name + ".mlp.c_fc.weight"] = torch.randn(width, 4 * width) * std
        p[name + ".mlp.c_proj.weight"] = torch.randn(4 * width, width) * residual
    p["transformer.ln_f.weight"] = torch.ones(width)
    return {name: value.requires_grad_(True) for name, value in p.items()}


def rate(schedule, step):
    peak, low, warmup = schedule["learning_rate"], schedule["min_lr"], schedule["warmup_steps"]
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    done = (step - warmup) / max(1, schedule["max_steps"] - warmup)
    return low + 0.5 * (1 + math.cos(math.pi * min(1, done))) * (peak - low)


@torch.no_grad()
def evaluate(params, data, model, batch, context, batches):
    """Mean over every token but the first, in neighbouring blocks; or over so many random batches."""
    if batches is not None:
        losses = []
        for _ in range(batches):
            at = torch.randint(len(data) - context, (batch, 1)) + torch.arange(context)
            losses.append(models.loss(params, data[at], data[at + 1], model).item())
        return sum(losses) / len(losses), batches * batch * context
    total, count = 0.0, 0
    whole = (len(data) - 1) // context
    for first in range(0, whole, batch):
        rows = range(first, min(first + batch, whole))
        ids = torch.stack([data[row * context : (row + 1) * context] for row in rows])
        labels = torch.stack([data[row * context + 1 : (row + 1) * context + 1] for row in rows])
        total += models.loss(params, ids, labels, model).item() * labels.numel()
        count += labels.numel()
    rest = data[whole * context :]
    if len(rest) > 1:
        total += models.loss(params, rest[None, :-1], rest[None, 1:], model).item() * (len(rest) - 1)
        count += len(rest) - 1
    return total / count, count
