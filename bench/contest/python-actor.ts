import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { batchOf, initialWeights, RING, type Workload } from '../workload/workload.ts';
import type { Actor, RecipeTask, Response } from './calls.ts';
import { actorOver } from './link.ts';

const PYTHONS = [process.env.ANNEAL_PYTHON, '/usr/bin/python3', 'python3'];

/** A Python that has PyTorch; null where there is none. */
export function pythonWithTorch(): string | null {
  for (const python of PYTHONS) {
    if (python === undefined || (python.startsWith('/') && !existsSync(python))) continue;
    try {
      execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
      return python;
    } catch {
      // This one has none, or does not exist.
    }
  }
  return null;
}

export const HOW_TO_GET_TORCH =
  'PyTorch is not installed: `apt-get install python3-torch libopenblas0-pthread`, or set ANNEAL_PYTHON to a Python that has it.';

export interface Threads {
  readonly omp: number;
  readonly blas: number;
}

/** A process of Python with one setting of threads. */
export function startPythonActor(python: string, { omp, blas }: Threads): Actor {
  const script = join(import.meta.dirname, '..', 'peers', 'pytorch_peer.py');
  const child = spawn(python, ['-u', script, String(omp)], {
    env: { ...process.env, OMP_NUM_THREADS: String(omp), OPENBLAS_NUM_THREADS: String(blas) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => {
    errors = (errors + bytes.toString()).slice(-2000);
  });
  let folder: string | null = null;
  const { actor, receive, ended } = actorOver({
    send: ({ id, method, params }) => child.stdin.write(`${JSON.stringify({ id, method, params })}\n`),
    close: async () => {
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      if (folder !== null) await rm(folder, { recursive: true, force: true });
    },
  });
  createInterface({ input: child.stdout }).on('line', (line) => receive(JSON.parse(line) as Response));
  child.on('exit', (code) => ended(`Python ended (${code}). ${errors}`));
  return {
    ...actor,
    async call(method, params) {
      if (method !== 'open_step' && !method.endsWith('_recipe')) return actor.call(method, params);
      folder ??= await mkdtemp(join(tmpdir(), 'anneal-bench-'));
      if (method === 'open_step') {
        const { workload } = params as { readonly workload: Workload };
        const files = await filesOf(workload, folder);
        return actor.call(method, { workload, files } as never);
      }
      const { text, ...task } = params as RecipeTask;
      const text_file = join(folder, 'text.txt');
      await writeFile(text_file, text);
      const { seed } = task;
      const files =
        method === 'train_recipe' ? {} : await weightFiles({ model: task.spec.model, seed }, folder);
      return actor.call(method, { ...task, ...files, text_file } as never);
    },
  };
}

/** Weights and batches as Python reads them: raw little-endian numbers. */
async function filesOf(workload: Workload, folder: string) {
  const files = { ...(await weightFiles(workload, folder)), tokens: join(folder, 'tokens.bin') };
  const batches = Array.from({ length: RING }, (_, step) => batchOf(workload, step));
  await writeFile(
    files.tokens,
    Buffer.concat(batches.flatMap(({ input_ids, labels }) => [bytesOf(input_ids), bytesOf(labels)])),
  );
  return files;
}

async function weightFiles(of: Parameters<typeof initialWeights>[0], folder: string) {
  const initial = initialWeights(of);
  const weights = join(folder, 'weights.bin');
  await writeFile(weights, Buffer.concat(initial.map(({ values }) => Buffer.from(values.buffer))));
  return { weights, index: initial.map(({ name, shape }) => ({ name, shape })) };
}

function bytesOf(ids: Int32Array): Buffer {
  return Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
}
