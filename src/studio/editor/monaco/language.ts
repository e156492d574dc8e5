import type * as Monaco from 'monaco-editor/editor';
import type { PreflightReport } from '../../../domain/preflight/report.ts';
import type { Services } from '../../app/services.ts';
import { fromMonacoPosition, toMonacoEdit, toMonacoRange } from './ranges.ts';

type Preflight = Services['preflight'];

/** What the last check of a model said; the providers below read it. */
export interface Checked {
  readonly report: PreflightReport;
  /** The model's version that was checked: positions hold for this one only. */
  readonly version: number;
}

/** Everything that pre-flight knows, as a language of Monaco's, for one model. */
export function provideLanguage(
  monaco: typeof Monaco,
  model: Monaco.editor.ITextModel,
  preflight: Preflight,
  latest: () => Checked | null,
): { dispose(): void; refreshHints(): void } {
  const isOurs = (other: Monaco.editor.ITextModel): boolean => other === model;
  const hintsChanged = new monaco.Emitter<void>();
  const parts: Monaco.IDisposable[] = [
    hintsChanged,
    monaco.languages.registerCompletionItemProvider('yaml', {
      triggerCharacters: [' ', ':', '{', ','],
      async provideCompletionItems(other, position, _context, token) {
        if (!isOurs(other)) return null;
        const items = await preflight.call('complete', {
          text: model.getValue(),
          position: fromMonacoPosition(position),
        });
        if (token.isCancellationRequested) return null;
        const kinds = {
          section: monaco.languages.CompletionItemKind.Module,
          field: monaco.languages.CompletionItemKind.Property,
          value: monaco.languages.CompletionItemKind.Value,
        };
        return {
          suggestions: items.map((item, index) => ({
            label: item.label,
            kind: kinds[item.kind],
            detail: item.detail,
            documentation: { value: item.documentation },
            insertText: item.snippet,
            insertTextRules: monaco.languages.CompletionItemInsertTextRule.InsertAsSnippet,
            range: toMonacoRange(item.range),
            sortText: String(index).padStart(4, '0'), // the schema's own order
            ...(item.retrigger
              ? { command: { id: 'editor.action.triggerSuggest', title: 'Show the values' } }
              : {}),
          })),
        };
      },
    }),
    monaco.languages.registerHoverProvider('yaml', {
      async provideHover(other, position) {
        if (!isOurs(other)) return null;
        const found = await preflight.call('hover', {
          text: model.getValue(),
          position: fromMonacoPosition(position),
        });
        return found === null
          ? null
          : { range: toMonacoRange(found.range), contents: [{ value: found.markdown }] };
      },
    }),
    monaco.languages.registerCodeActionProvider('yaml', {
      provideCodeActions(other, range) {
        const checked = latest();
        if (!isOurs(other) || checked === null || checked.version !== model.getVersionId())
          return { actions: [], dispose: () => undefined };
        const actions = checked.report.diagnostics
          .filter((one) => monaco.Range.areIntersectingOrTouching(toMonacoRange(one.range), range))
          .flatMap((one) =>
            one.fixes.map((fix, index) => ({
              title: fix.title,
              kind: 'quickfix',
              isPreferred: index === 0,
              diagnostics: [toMarker(monaco, one)],
              edit: {
                edits: fix.edits.map((edit) => ({
                  resource: model.uri,
                  versionId: checked.version,
                  textEdit: toMonacoEdit(edit),
                })),
              },
            })),
          );
        return { actions, dispose: () => undefined };
      },
    }),
    monaco.languages.registerInlayHintsProvider('yaml', {
      onDidChangeInlayHints: hintsChanged.event,
      provideInlayHints(other) {
        const checked = latest();
        const none = { hints: [], dispose: () => undefined };
        if (!isOurs(other) || checked === null) return none;
        const hints = checked.report.annotations
          .filter(({ line }) => line < model.getLineCount())
          .map(({ line, text, tooltip }) => ({
            position: { lineNumber: line + 1, column: model.getLineMaxColumn(line + 1) },
            label: `\u00a0\u00a0\u00a0${text}`,
            tooltip,
          }));
        return { hints, dispose: () => undefined };
      },
    }),
  ];
  return {
    dispose() {
      for (const part of parts) part.dispose();
      monaco.editor.setModelMarkers(model, OWNER, []);
    },
    refreshHints: () => hintsChanged.fire(),
  };
}

const OWNER = 'anneal';

export function showMarkers(
  monaco: typeof Monaco,
  model: Monaco.editor.ITextModel,
  report: PreflightReport,
): void {
  monaco.editor.setModelMarkers(
    model,
    OWNER,
    report.diagnostics.map((one) => toMarker(monaco, one)),
  );
}

function toMarker(
  monaco: typeof Monaco,
  { code, severity, message, range }: PreflightReport['diagnostics'][number],
): Monaco.editor.IMarkerData {
  const severities = {
    error: monaco.MarkerSeverity.Error,
    warning: monaco.MarkerSeverity.Warning,
    info: monaco.MarkerSeverity.Info,
  };
  return { ...toMonacoRange(range), severity: severities[severity], message, code, source: 'pre-flight' };
}
