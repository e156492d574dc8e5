import { AnnealError } from '../../base/error.ts';
import type { RemoteArtifacts, Sha256 } from '../../domain/artifacts/ports.ts';
import type { RunStore, SharedSettings } from '../../domain/runs/ports.ts';
import type { Run } from '../../domain/runs/run.ts';
import { protocolErrors } from '../../protocol/errors.ts';

const KEY = 'artifacts.held';

/** By run: what was told of it. */
type Told = Readonly<Record<string, { readonly project: string; readonly hashes: readonly Sha256[] }>>;

/**
 * Tells the server which artifacts the runs of this browser refer to: nobody but this browser knows its runs, and
 * whoever collects artifacts there must not take away what one of them was trained on. Runs that are deleted can
 * be restored and keep theirs; those that are gone for good let go.
 */
export function createRunHolds(deps: {
  readonly runs: RunStore;
  readonly remote: RemoteArtifacts;
  readonly settings: SharedSettings;
}): { tell(): Promise<void> } {
  const { runs, remote, settings } = deps;
  const tell = async (): Promise<void> => {
    const told = toldOf(await settings.get(KEY));
    const say = async (run: string, project: string, hashes: readonly Sha256[]): Promise<void> => {
      if (!(await hold(remote, project, `run-${run}`, hashes))) return;
      // Another tab may have told of others meanwhile.
      await settings.change(KEY, (value) => {
        const { [run]: _before, ...others } = toldOf(value);
        return hashes.length === 0 ? others : { ...others, [run]: { project, hashes } };
      });
    };
    const all = [...(await runs.list()), ...(await runs.list({ deleted: true }))];
    for (const run of all) {
      const hashes = referencesOf(run);
      if (String(told[run.id]?.hashes ?? []) !== String(hashes)) await say(run.id, run.project, hashes);
    }
    const there = new Set<string>(all.map(({ id }) => id));
    for (const [run, { project }] of Object.entries(told)) if (!there.has(run)) await say(run, project, []);
  };
  let telling: Promise<void> | null = null;
  return {
    /** Rejects while the server cannot be reached; what was not told is told the next time. */
    tell: () => {
      telling ??= tell().finally(() => {
        telling = null;
      });
      return telling;
    },
  };
}

/** False where the server knows no such project, or we may only look at it: then there is nothing to keep. */
async function hold(
  remote: RemoteArtifacts,
  project: string,
  holder: string,
  hashes: readonly Sha256[],
): Promise<boolean> {
  try {
    await remote.hold(project, holder, hashes);
    return true;
  } catch (thrown) {
    if (thrown instanceof AnnealError && REFUSALS.has(thrown.code)) return false;
    throw thrown;
  }
}

const REFUSALS: ReadonlySet<string> = new Set(
  [protocolErrors.projectNotFound, protocolErrors.projectDeleted, protocolErrors.forbidden].map(
    ({ code }) => code,
  ),
);

/** What it was trained on, and from. */
function referencesOf({ pins }: Run): readonly Sha256[] {
  const all = [pins.data.sha256, pins.tokenizer, ...Object.values(pins.model?.files ?? {})];
  return [...new Set(all.filter((sha256) => sha256 !== null))].sort();
}

function toldOf(value: unknown): Told {
  return typeof value === 'object' && value !== null ? (value as Told) : {};
}
