import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { BUILT_IN_SOURCE } from '../../domain/config/schema.ts';
import type { DataProfile, PreflightReport, Profiles, Timings } from '../../domain/preflight/report.ts';
import type { Progress } from '../../domain/runs/ports.ts';
import { useServices } from '../app/services.ts';
import type { ListedFile } from '../app/use-room.ts';

/** Typing a new vocabulary size passes through many; only one that stands for a while is prepared. */
const SETTLE_MS = 1200;

/** What pre-flight is told of this machine and its data, and how the data's preparation goes. */
export function useProfiles(
  project: string,
  files: readonly ListedFile[],
): {
  readonly profiles: Profiles;
  readonly progress: Progress | null;
  /** Looks at the data that a readable config names. */
  readonly follow: (report: PreflightReport, text: string) => void;
} {
  const { device, timings, trainer, runs } = useServices();
  const { report } = useSyncExternalStore(device.subscribe, device.state);
  const deviceInfo = report?.device ?? null;
  const [timing, setTiming] = useState<Timings | null>(null);
  const [data, setData] = useState<DataProfile | null>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const prepared = useRef('');
  const pending = useRef<{ timer: ReturnType<typeof setTimeout>; abort: AbortController } | null>(null);

  useEffect(() => {
    if (deviceInfo === null) return;
    let over = false;
    const read = (): void => {
      timings.get(deviceInfo.name).then(
        (found) => over || setTiming((before) => (isNear(before, found) ? before : found)),
        () => undefined, // no storage: the time of the run stays unknown
      );
    };
    read();
    const unwatch = runs.watchAll(read);
    return () => {
      over = true;
      unwatch();
    };
  }, [deviceInfo, timings, runs]);

  useEffect(
    () => () => {
      if (pending.current === null) return;
      clearTimeout(pending.current.timer);
      pending.current.abort.abort();
    },
    [],
  );

  const latest = useRef(files);
  latest.current = files;
  const follow = useMemo(() => {
    const hashOf = (path: string): string | null => {
      const entry = latest.current.find((file) => file.path === path)?.entry;
      return entry?.kind === 'artifact' ? entry.sha256 : null;
    };
    return ({ config }: PreflightReport, text: string): void => {
      if (config === null) return;
      const { source, tokenizer } = config.data;
      const sha256 = source === BUILT_IN_SOURCE ? null : hashOf(source);
      const tokenizer_sha256 = tokenizer.type === 'file' ? hashOf(tokenizer.path) : null;
      const isMissing =
        (source !== BUILT_IN_SOURCE && sha256 === null) ||
        (tokenizer.type === 'file' && tokenizer_sha256 === null);
      const key = isMissing ? '' : JSON.stringify([project, config.data, sha256, tokenizer_sha256]);
      if (key === prepared.current) return;
      prepared.current = key;
      if (pending.current !== null) {
        clearTimeout(pending.current.timer);
        pending.current.abort.abort();
      }
      setProgress(null);
      if (isMissing) {
        setData(null);
        return;
      }
      const abort = new AbortController();
      const prepare = async (): Promise<void> => {
        try {
          setData(
            await trainer.prepare(
              { data: { source, sha256 }, config: text, tokenizer_sha256 },
              (next) => abort.signal.aborted || setProgress(next),
              abort.signal,
            ),
          );
        } catch {
          // Pre-flight goes on without: what depends on the data is unknown. Train says what is wrong with it.
          if (!abort.signal.aborted) setData(null);
        }
        if (!abort.signal.aborted) setProgress(null);
      };
      pending.current = { abort, timer: setTimeout(() => void prepare(), SETTLE_MS) };
    };
  }, [project, trainer]);

  const sources = useMemo(() => files.map(({ path }) => path), [files]);
  const profiles = useMemo(
    () => ({ device: deviceInfo, data, timings: timing, sources }),
    [deviceInfo, data, timing, sources],
  );
  return { profiles, progress, follow };
}

/** A run measures anew at each save; an estimate that moves by less is none the better for it, and is drawn for nothing. */
const NEAR = 0.05;

function isNear(before: Timings | null, found: Timings | null): boolean {
  if (before === null || found === null) return before === found;
  const [a, b] = [before.flops_per_second, found.flops_per_second];
  return before.device === found.device && Math.abs(a - b) <= NEAR * Math.min(a, b);
}

/** The configs of a project are its YAML files. */
export function isConfig(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}
