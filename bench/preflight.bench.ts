import { MessageChannel, Worker } from 'node:worker_threads';
import { applyEdits, setField } from '../src/domain/config/edit.ts';
import type { Profiles } from '../src/domain/preflight/report.ts';
import { preflightCalls } from '../src/protocol/preflight.ts';
import { connect, type Endpoint } from '../src/workers/channel.ts';
import { type BenchReport, bar, machine } from './report.ts';

/**
 * Pre-flight of a 300-line config of a 350M-parameter model (GPT-2 medium), in a worker, key by key as a
 * person types: edits that leave the plan's inputs as they were, and edits that plan anew. What is timed
 * is the whole way: the message there, the check, the message back, both ends checked by their schemas.
 */
export async function run(): Promise<BenchReport> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('./preflight.worker.ts', import.meta.url), {
    workerData: port2,
    transferList: [port2],
  });
  const client = connect(port1 as unknown as Endpoint, preflightCalls);
  try {
    const same: number[] = [];
    const anew: number[] = [];
    await replay(warmUpRounds, () => {});
    await replay(rounds, (kind, ms) => (kind === 'same' ? same : anew).push(ms));
    const results = [
      { edits: 'same plan', ...spread(same) },
      { edits: 'planned anew', ...spread(anew) },
    ];
    const bars = [
      bar('an edit that leaves the plan as it was, p95 ms', percentile(same, 0.95), '<=', 5),
      bar('an edit that plans anew, p95 ms', percentile(anew, 0.95), '<=', 16),
    ];
    return { name: 'preflight', machine: machine(), results, bars };
  } finally {
    client.close();
    port1.close();
    await worker.terminate();
  }

  async function replay(count: number, note: (kind: Kind, ms: number) => void): Promise<void> {
    for (let round = 0; round < count; round++) {
      let text = document(round);
      for (const { kind, change } of typing(round)) {
        text = change(text);
        const start = performance.now();
        const report = await client.call('check', { text, profiles });
        note(kind, performance.now() - start);
        if (!report.readable) throw new Error('The bench typed something that is not YAML.');
      }
    }
  }
}

const warmUpRounds = 4;
const rounds = 16;

type Kind = 'same' | 'anew';
interface Edit {
  readonly kind: Kind;
  readonly change: (text: string) => string;
}

const profiles: Profiles = {
  device: {
    name: 'webgpu',
    description: 'a GPU with 80 GB',
    limits: { max_buffer_bytes: 4 * 2 ** 30, memory_bytes: 80e9 },
  },
  data: {
    source: 'stories',
    sha256: '0'.repeat(64),
    bytes: 1_200_000,
    characters: 1_200_000,
    distinct_characters: 70,
    tokenizer: { key: 'bpe:512@0.1', vocab_size: 512, train_tokens: 480_000, validation_tokens: 52_000 },
  },
  timings: { device: 'webgpu', flops_per_second: 5e12 },
  sources: ['notes.txt'],
};

/** Every round has other sizes, so that no plan of an earlier round is remembered. */
function typing(round: number): Edit[] {
  const set = (path: string, value: unknown) => (text: string) => {
    const edits = setField(text, path.split('.'), value);
    if (edits === null) throw new Error(`The bench could not set ${path}.`);
    return applyEdits(text, edits);
  };
  const comment = [...' # why so'].map(
    (letter, i): Edit => ({
      kind: 'same',
      change: (text) => text.replace(/(warmup_steps: \d+.*)$/m, `$1${i === 0 ? '  ' : ''}${letter}`),
    }),
  );
  const rates = ['3.0e-4', '3.0e-3', '2.5e-4', '0.0003'].map(
    (rate): Edit => ({ kind: 'same', change: set('training.learning_rate', Number(rate)) }),
  );
  const words = ['O', 'On', 'Onc', 'Once', 'Once ', 'Once u'].map(
    (prompt): Edit => ({ kind: 'same', change: set('sampling.prompt', prompt) }),
  );
  const seeds = [1, 13, 133, 1337].map(
    (seed): Edit => ({ kind: 'same', change: set('training.seed', seed) }),
  );
  const steps = [2, 20, 200, 2000].map(
    (count): Edit => ({ kind: 'same', change: set('training.max_steps', count) }),
  );
  const sizes = [
    ['training.per_device_train_batch_size', 2 + (round % 6)],
    ['model.n_positions', 512 + round],
    ['model.vocab_size', 50_257 + round],
    ['model.n_layer', 23],
    ['model.n_layer', 24],
    ['model.n_embd', 960 + 16 * round],
    ['model.n_embd', 1024],
    ['model.n_inner', 4000 + round],
    ['training.optim', 'lion'],
    ['training.optim', 'adamw'],
    ['training.weight_decay', 0.1 + round / 1000],
    ['training.max_grad_norm', 0.5 + round / 1000],
  ] as const;
  const planning = sizes.map(([path, value]): Edit => ({ kind: 'anew', change: set(path, value) }));
  return [...comment, ...planning, ...rates, ...words, ...seeds, ...steps];
}

/** 300 lines, most of them comments, as configs that are lived in have them. */
function document(round: number): string {
  const section = (title: string, fields: readonly string[], lines: number): string => {
    const comments = Array.from(
      { length: lines },
      (_, i) => `  # ${title}, note ${round}.${i}: what was tried here before, and how it went`,
    );
    return [`${title}:`, ...fields.map((field) => `  ${field}`), ...comments].join('\n');
  };
  return `${[
    'project: medium',
    section(
      'data',
      ['source: stories', 'validation_split: 0.1', 'tokenizer: { type: bpe, vocab_size: 512 }'],
      60,
    ),
    section(
      'model',
      [
        'model_type: gpt2',
        'vocab_size: 50257',
        'n_positions: 1024',
        'n_embd: 1024',
        'n_layer: 24',
        'n_head: 16',
        'n_inner: 4096',
      ],
      60,
    ),
    section(
      'training',
      [
        'learning_rate: 3.0e-4',
        'lr_scheduler_type: cosine',
        'warmup_steps: 100',
        'per_device_train_batch_size: 1',
        'optim: adamw',
        'weight_decay: 0.1',
        'max_grad_norm: 1',
        'max_steps: 2000',
        'seed: 1337',
      ],
      100,
    ),
    section('sampling', ['prompt: "Once"', 'max_new_tokens: 100'], 54),
  ].join('\n')}\n`;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function spread(values: readonly number[]) {
  return {
    count: values.length,
    p50_ms: percentile(values, 0.5),
    p95_ms: percentile(values, 0.95),
    max_ms: percentile(values, 1),
  };
}
