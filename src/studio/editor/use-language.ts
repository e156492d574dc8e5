import { notifications } from '@mantine/notifications';
import { useCallback, useEffect, useRef } from 'react';
import type { Fix, PreflightReport } from '../../domain/preflight/report.ts';
import { useServices } from '../app/services.ts';
import { type Checked, provideLanguage, showMarkers } from './monaco/language.ts';
import { toMonacoEdit } from './monaco/ranges.ts';
import type { OpenEditor } from './text-editor.tsx';
import type { Opened } from './use-opened.ts';

export interface Language {
  /** To be told of every check. */
  readonly onReport: (report: PreflightReport, text: string) => void;
  readonly applyFix: (fix: Fix) => void;
}

/** Makes Monaco show and offer what pre-flight knows of the open config, and has every change of it checked. */
export function useLanguage(options: {
  readonly opened: Opened;
  /** False: the text is no config, and nothing is known of it. */
  readonly config: boolean;
  readonly readOnly: string | null;
  readonly check: (text: string) => void;
}): Language {
  const { opened, config, check } = options;
  const { preflight } = useServices();
  const { editing } = opened;
  const checked = useRef<Checked | null>(null);
  const show = useRef<((report: PreflightReport, text: string) => void) | null>(null);
  const readOnly = useRef(options.readOnly);
  readOnly.current = options.readOnly;

  useEffect(() => {
    checked.current = null;
    // Between two files the editor of the first one is known for a moment longer than it lives.
    if (editing === null || editing.model.isDisposed() || !config) return;
    const { monaco, model } = editing;
    const language = provideLanguage(monaco, model, preflight, () => checked.current);
    show.current = (report, text) => {
      if (model.isDisposed() || model.getValue() !== text) return; // an answer to an older text
      const before = checked.current;
      checked.current = { report, version: model.getVersionId() };
      // To draw the same anew costs a frame, and a run that trains here has the text checked again and again.
      const isSameText = before?.version === checked.current.version;
      if (!isSameText || before.report.diagnostics !== report.diagnostics) showMarkers(monaco, model, report);
      if (!isSameText || before.report.annotations !== report.annotations) language.refreshHints();
    };
    check(model.getValue());
    const changes = model.onDidChangeContent(() => check(model.getValue()));
    return () => {
      show.current = null;
      changes.dispose();
      language.dispose();
    };
  }, [editing, config, preflight, check]);

  const onReport = useCallback<Language['onReport']>((report, text) => show.current?.(report, text), []);
  const { now } = opened;
  const applyFix = useCallback(
    (fix: Fix) => {
      const current = now();
      const isCurrent = checked.current?.version === current?.model.getVersionId();
      if (current === null || !isCurrent) return; // the text has moved on: the next report has the fix anew
      if (readOnly.current === null) writeFix(current, fix);
      else
        notifications.show({
          color: 'yellow',
          title: 'The text can only be read',
          message: readOnly.current,
        });
    },
    [now],
  );
  return { onReport, applyFix };
}

function writeFix({ editor }: OpenEditor, fix: Fix): void {
  editor.pushUndoStop();
  editor.executeEdits('anneal.fix', fix.edits.map(toMonacoEdit));
  editor.pushUndoStop();
}
