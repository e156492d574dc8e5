import type { DeviceReport, Settings, Trainer } from '../../domain/runs/ports.ts';

export interface DeviceState {
  /** The last answer, from this visit or an earlier one; null while there is none. */
  readonly report: DeviceReport | null;
  readonly probing: boolean;
  readonly error: unknown;
}

/** What computes here: probed once a visit, when the page has come to rest, and remembered for the next. */
export interface DeviceMonitor {
  state(): DeviceState;
  subscribe(listener: () => void): () => void;
  /** Probes unless it has been done; `again` in any case. */
  probe(again?: boolean): Promise<void>;
}

const KEY = 'device.report';

export function createDeviceMonitor(trainer: Pick<Trainer, 'probe'>, settings: Settings): DeviceMonitor {
  const listeners = new Set<() => void>();
  let state: DeviceState = { report: null, probing: false, error: null };
  let probed: Promise<void> | null = null;
  const say = (change: Partial<DeviceState>): void => {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  };
  const probe = async (): Promise<void> => {
    say({ probing: true, error: null });
    const remembered = await settings.get(KEY).catch(() => null);
    if (state.report === null && isReport(remembered)) say({ report: remembered });
    try {
      const report = await trainer.probe('auto');
      say({ report, probing: false });
      await settings.set(KEY, report).catch(() => undefined); // full storage: probed again next time
    } catch (error) {
      say({ error, probing: false });
    }
  };
  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    probe(again = false) {
      if (probed === null || again) probed = probe();
      return probed;
    },
  };
}

function isReport(value: unknown): value is DeviceReport {
  return (
    typeof value === 'object' && value !== null && 'device' in value && 'reason' in value && 'tried' in value
  );
}
