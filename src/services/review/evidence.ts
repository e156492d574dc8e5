import type { MetricSummary } from '../../domain/runs/metrics.ts';
import type { Run } from '../../domain/runs/run.ts';
import type { Evidence } from '../../protocol/review.ts';

/** What a run came to, as others can read it who do not have the run. */
export async function evidenceOf(run: Run, summary: MetricSummary): Promise<Evidence> {
  return {
    run: run.id,
    name: run.name.slice(0, 200),
    state: run.state,
    step: run.step,
    max_steps: run.max_steps,
    loss: known(summary.last?.loss),
    validation_loss: known(summary.best_eval?.val_loss),
    device: run.pins.device?.name ?? null,
    config_sha256: await hashOf(run.pins.config.text),
  };
}

function known(figure: number | undefined): number | null {
  return figure === undefined || !Number.isFinite(figure) ? null : figure;
}

/** Null where the page may not compute it: not on this machine and without TLS. */
async function hashOf(text: string): Promise<string | null> {
  const { subtle } = globalThis.crypto;
  if (subtle === undefined) return null;
  const digest = await subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
