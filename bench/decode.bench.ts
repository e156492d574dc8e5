import { wholeOption } from '../cli/arguments.ts';
import { countParameters } from '../src/engine/models/parameters.ts';
import { gpt2Config } from '../src/engine/models/testing/configs.ts';
import type { Gpt2Config } from '../src/engine/training/spec.ts';
import type { BenchOptions } from './bench.ts';
import { ourEntrants, titleOf } from './contest/entrants.ts';
import { Stage } from './contest/stage.ts';
import { benchOptions, oneOf } from './options.ts';
import { quantile } from './quantile.ts';
import { type Bar, type BenchReport, bar, type EngineResult, engineResults } from './report.ts';

export const usage = 'decode [--device D[,D]] [--in chromium|node] [--batch N] [--runs TOKENS] [--layers N]';

const PROMPT = 16;

/** Tokens one after the other from GPT-2's 124M shape with random weights, against reading all weights once for each. */
export async function run(args: readonly string[], { progress }: BenchOptions): Promise<BenchReport> {
  const values = benchOptions(args, {
    device: { type: 'string', default: 'wasm' },
    in: { type: 'string', default: 'node' },
    batch: { type: 'string' },
    runs: { type: 'string' },
    layers: { type: 'string' },
  });
  const where = oneOf('--in', values.in, ['chromium', 'node'] as const);
  const batch = wholeOption('--batch', values.batch, 1) ?? 1;
  const count = wholeOption('--runs', values.runs, 1) ?? 64;
  const model = gpt2Small(wholeOption('--layers', values.layers, 1) ?? 12);
  // Of the positions' table one row is read; the embedding is the head's weights too, and read whole there.
  const weightBytes = 4 * (countParameters(model) - model.n_positions * model.n_embd);
  const stage = new Stage();
  const rows: (EngineResult & Readonly<Record<string, unknown>>)[] = [];
  const bars: Bar[] = [];
  try {
    for (const entrant of ourEntrants(values.device, where)) {
      progress(`${titleOf(entrant)}: weights`);
      const actor = await stage.start(entrant);
      const task = { entrant, model, batch, prompt: PROMPT, count };
      const { description } = await actor.call('open_decode', task);
      await actor.call('run_decode', { count: 3 });
      progress(`${titleOf(entrant)}: ${count} tokens`);
      const { ms } = await actor.call('run_decode', { count });
      await actor.close();
      const prober = await stage.start(entrant);
      const { read_gbytes } = await prober.call('probe', { device: entrant.device });
      await prober.close();
      const bound_ms = weightBytes / read_gbytes / 1e6;
      const median_ms = quantile(ms, 0.5);
      rows.push({
        ...entrant,
        preset: 'gpt2-124M',
        median_ms,
        runs: ms.length,
        batch,
        best_ms: Math.min(...ms),
        tokens_per_second: (1000 * batch) / median_ms,
        weight_bytes: weightBytes,
        read_gbytes,
        bound_ms,
        share_of_bound: bound_ms / median_ms,
        description,
      });
      if (batch === 1 && !entrant.device.startsWith('tfjs')) {
        bars.push(
          bar(
            `decode 124M, ${entrant.device} in ${where}: share of the bound of weight bytes`,
            bound_ms / median_ms,
            '>=',
            1 / 1.5,
          ),
        );
      }
    }
    return { name: 'decode', machine: await stage.machine(), ...engineResults(rows), bars };
  } finally {
    await stage.close();
  }
}

function gpt2Small(n_layer: number): Gpt2Config {
  return gpt2Config({ vocab_size: 50_257, n_positions: 1024, n_embd: 768, n_layer, n_head: 12 });
}
