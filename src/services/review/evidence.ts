import type { Hasher } from '../../domain/artifacts/ports.ts';
import type { MetricSummary } from '../../domain/runs/metrics.ts';
import type { Run } from '../../domain/runs/run.ts';
import type { Evidence } from '../../protocol/review.ts';

/** What a run came to, as others can read it who do not have the run. */
export async function evidenceOf(
  run: Run,
  summary: MetricSummary,
  hashOf: (text: string) => Promise<string>,
): Promise<Evidence> {
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

/** SHA-256 in hexadecimal; not WebCrypto's, which a page has only on this machine or by TLS. */
export async function hashOfText(hasher: Hasher, text: string): Promise<string> {
  const state = await hasher.sha256();
  state.update(new TextEncoder().encode(text));
  return state.digest();
}
