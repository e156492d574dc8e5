import { useCallback, useMemo } from 'react';
import { fitEdits, type Misfit, misfits } from '../../domain/plan/fit.ts';
import type { PreflightReport } from '../../domain/preflight/report.ts';
import { useServices } from '../app/services.ts';
import { editText } from '../shared/edit-config.ts';
import { notifyFailure } from './files/use-file-actions.tsx';
import type { StartModel } from './start-model.tsx';

/** How the config's model differs from the one that the run starts from, and how to make the two fit. */
export function useFit(
  project: string,
  path: string,
  report: PreflightReport | null,
  start: StartModel | null,
): {
  /** Null while the config cannot be read. */
  readonly differs: readonly Misfit[] | null;
  readonly fit: () => void;
} {
  const { documents } = useServices();
  const section = report?.config?.model ?? null;
  const base = start?.found?.facts.model ?? null;
  const differs = useMemo(
    () => (section === null ? null : base === null ? NONE : misfits(section, base)),
    [section, base],
  );
  const fit = useCallback((): void => {
    if (section === null || base === null) return;
    editText(documents, project, path, fitEdits(section, base)).then((done) => {
      if (!done)
        notifyFailure(
          new Error('The model section cannot be edited as it stands: mend what Problems says first.'),
        );
    }, notifyFailure);
  }, [documents, project, path, section, base]);
  return { differs, fit };
}

const NONE: readonly Misfit[] = [];
