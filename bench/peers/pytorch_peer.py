"""PyTorch's side of a contest: a JSON object a line comes in, one goes out. See bench/contest/calls.ts.

Arguments: the number of threads. OpenBLAS takes its own from OPENBLAS_NUM_THREADS.
"""
import json
import os
import statistics
import sys
import time

import torch

import pytorch_models as models
import pytorch_recipe


class Peer:
    def open_step(self, workload, files):
        self.model, self.optimizer = workload["model"], workload["optimizer"]
        self.rate = workload["learning_rate"]
        self.params = read_weights(files["weights"], files["index"])
        with open(files["tokens"], "rb") as file:
            raw = bytearray(file.read())
        shape = (-1, 2, workload["batch"], workload["context"])
        self.batches = torch.frombuffer(raw, dtype=torch.int32).clone().long().view(shape)
        self.adamw = models.adamw(self.params, self.optimizer)
        self.index = 0
        return {"description": describe()}

    def step(self):
        ids, labels = self.batches[self.index % len(self.batches)]
        for group in self.adamw.param_groups:
            group["lr"] = self.rate
        self.adamw.zero_grad(set_to_none=True)
        loss = models.loss(self.params, ids, labels, self.model)
        loss.backward()
        if self.optimizer["max_grad_norm"] > 0:
            torch.nn.utils.clip_grad_norm_(self.params.values(), self.optimizer["max_grad_norm"])
        self.adamw.step()
        self.index += 1
        return loss.item()

    def run_steps(self, count):
        ms, losses = [], []
        for _ in range(count):
            start = time.perf_counter()
            losses.append(self.step())
            ms.append(1000 * (time.perf_counter() - start))
        return {"ms": ms, "losses": losses}

    def evaluate_recipe(self, text_file, weights, index, **task):
        return pytorch_recipe.evaluate_whole(task, read_text(text_file), read_weights(weights, index))

    def train_recipe(self, text_file, **task):
        return pytorch_recipe.train(task, read_text(text_file))

    def peak_bytes(self):
        return None

    def gpu_calls(self):
        return None

    def profile(self):
        return None

    def matmul(self, m, n, k, transpose_a, transpose_b, seconds, entrant=None):
        a = torch.rand((k, m) if transpose_a else (m, k)) - 0.5
        b = torch.rand((n, k) if transpose_b else (k, n)) - 0.5
        a, b = (a.t() if transpose_a else a), (b.t() if transpose_b else b)
        out = torch.empty(m, n)
        for _ in range(2):
            torch.mm(a, b, out=out)
        took, until = [], time.perf_counter() + seconds
        while True:
            start = time.perf_counter()
            torch.mm(a, b, out=out)
            now = time.perf_counter()
            took.append(now - start)
            if now > until:
                gflops = 2 * m * n * k / min(took) / 1e9
                return {"gflops": gflops, "median_ms": 1000 * statistics.median(took), "runs": len(took)}


def read_weights(path, index):
    params = {}
    with open(path, "rb") as file:
        for weight in index:
            count = 1
            for size in weight["shape"]:
                count *= size
            raw = bytearray(file.read(4 * count))
            values = torch.frombuffer(raw, dtype=torch.float32).clone().view(weight["shape"])
            params[weight["name"]] = values.requires_grad_(True)
    return params


def read_text(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def describe():
    blas = os.environ.get("OPENBLAS_NUM_THREADS")
    return f"PyTorch {torch.__version__}, {torch.get_num_threads()} OMP and {blas} OpenBLAS threads"


def main():
    torch.set_num_threads(int(sys.argv[1]))
    peer = Peer()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            result = getattr(peer, request["method"])(**request["params"])
            answer = {"id": request["id"], "result": result}
        except Exception as error:  # the other side shows it
            answer = {"id": request["id"], "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
