import { replaceEqualDeep } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { NOTHING_SHOWN, type Shown, show } from '../../domain/preflight/last-good.ts';
import type { PreflightReport, Profiles } from '../../domain/preflight/report.ts';
import { useServices } from '../app/services.ts';

export interface CheckedText {
  readonly shown: Shown;
  /** The text that `shown.report` is of; null before the first. */
  readonly text: string | null;
  readonly failure: unknown;
}

/**
 * Checks the text in the worker, one check at a time, always the newest text next. `onReport` hears of each
 * answer at once, before React does.
 */
export function useCheck(
  profiles: Profiles,
  onReport: (report: PreflightReport, text: string) => void,
): CheckedText & { readonly check: (text: string) => void } {
  const { preflight } = useServices();
  const [state, setState] = useState<CheckedText>({ shown: NOTHING_SHOWN, text: null, failure: null });
  const latest = useRef({ profiles, onReport });
  latest.current = { profiles, onReport };
  const answered = useRef<PreflightReport | null>(null);
  const wanted = useRef<string | null>(null);
  const last = useRef<string | null>(null);
  const busy = useRef(false);

  const check = useCallback(
    (text: string): void => {
      wanted.current = text;
      last.current = text;
      if (busy.current) return;
      busy.current = true;
      const work = async (): Promise<void> => {
        while (wanted.current !== null) {
          const next: string = wanted.current;
          wanted.current = null;
          try {
            const { profiles } = latest.current;
            const answer = await preflight.call('check', { text: next, profiles });
            // What reads as before stays the same object: who shows it need not draw anew.
            const report = replaceEqualDeep(answered.current, answer);
            answered.current = report;
            latest.current.onReport(report, next);
            setState((before) =>
              before.shown.report === report && before.text === next && before.failure === null
                ? before
                : { shown: show(before.shown, report), text: next, failure: null },
            );
          } catch (failure) {
            setState((before) => ({ ...before, failure }));
          }
        }
        busy.current = false;
      };
      void work();
    },
    [preflight],
  );
  // What is known of the device or the data has changed: the same text reads differently.
  const key = JSON.stringify(profiles);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the profiles
  useEffect(() => {
    if (last.current !== null) check(last.current);
  }, [check, key]);
  return { ...state, check };
}
