import { Center, Loader, useComputedColorScheme, VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import type * as Monaco from 'monaco-editor/editor';
import { useEffect, useRef, useState } from 'react';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { useServices } from '../app/services.ts';
import type { Room } from '../app/use-room.ts';
import { loadMonaco } from './monaco/load.ts';

export interface OpenEditor {
  readonly monaco: typeof Monaco;
  readonly editor: Monaco.editor.IStandaloneCodeEditor;
  readonly model: Monaco.editor.ITextModel;
}

/** One shared text in Monaco. `onOpen` hands the editor out and takes back what undoes its use. */
export function TextEditor(props: {
  readonly room: Room;
  readonly language: string;
  readonly label: string;
  /** Why the text can only be read; null where it can be written. */
  readonly readOnly: string | null;
  readonly onOpen: (open: OpenEditor) => () => void;
}) {
  const { room, language, label, readOnly } = props;
  const { documents } = useServices();
  const host = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const dark = useComputedColorScheme('light') === 'dark';
  const theme = dark ? 'anneal-dark' : 'anneal-light';
  const latest = useRef({ onOpen: props.onOpen, theme, readOnly });
  latest.current = { onOpen: props.onOpen, theme, readOnly };
  const themed = useRef<typeof Monaco | null>(null);
  const opened = useRef<Monaco.editor.IStandaloneCodeEditor | null>(null);

  useEffect(() => {
    let over = false;
    const undo: (() => void)[] = [];
    const open = async (): Promise<void> => {
      const monaco = await loadMonaco();
      if (over || host.current === null) return;
      themed.current = monaco;
      const model = monaco.editor.createModel(
        '',
        language,
        monaco.Uri.from({ scheme: 'project', path: `/${room.path}` }),
      );
      undo.push(() => model.dispose());
      const editor = monaco.editor.create(host.current, {
        ...options,
        model,
        theme: latest.current.theme,
        readOnly: latest.current.readOnly !== null,
        ariaLabel: label,
      });
      opened.current = editor;
      // As everywhere else. Monaco would wait for a second key, and what is typed for the palette would be in the text.
      editor.addAction({
        id: 'anneal.palette',
        label: 'What do you want to do?',
        keybindings: [monaco.KeyMod.CtrlCmd | monaco.KeyCode.KeyK],
        run: spotlight.open,
      });
      undo.push(() => editor.dispose());
      const binding = await documents.bind(room, editor);
      undo.push(() => binding.dispose());
      if (over) return unwind(undo);
      undo.push(latest.current.onOpen({ monaco, editor, model }));
      setShown(true);
    };
    open().catch((thrown: unknown) => over || setFailure(thrown));
    return () => {
      over = true;
      unwind(undo);
    };
  }, [documents, room, language, label]);

  useEffect(() => themed.current?.editor.setTheme(theme), [theme]);
  const narrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false });
  useEffect(() => {
    if (shown) opened.current?.updateOptions({ wordWrap: narrow ? 'on' : 'off', folding: !narrow });
  }, [shown, narrow]);

  useEffect(() => {
    if (!shown) return;
    opened.current?.updateOptions({
      readOnly: readOnly !== null,
      readOnlyMessage: { value: readOnly ?? '' },
    });
  }, [shown, readOnly]);

  if (failure !== null) return <ErrorNotice error={failure} />;
  return (
    <div className="text-editor">
      {!shown && (
        <Center className="text-editor-loading">
          <Loader size="sm" aria-hidden />
          <VisuallyHidden role="status">Loading the editor</VisuallyHidden>
        </Center>
      )}
      <div ref={host} className="text-editor-host" />
    </div>
  );
}

function unwind(undo: (() => void)[]): void {
  for (const one of undo.splice(0).reverse()) one();
}

const options: Monaco.editor.IStandaloneEditorConstructionOptions = {
  automaticLayout: true,
  fontFamily: 'var(--mantine-font-family-monospace)',
  fontSize: 13,
  lineHeight: 21,
  minimap: { enabled: false },
  scrollBeyondLastLine: false,
  renderLineHighlight: 'all',
  tabSize: 2,
  insertSpaces: true,
  detectIndentation: false,
  // Asking about line separators would edit the shared text on one screen only.
  unusualLineTerminators: 'off',
  quickSuggestions: { other: true, comments: false, strings: true },
  suggest: { showWords: false, showStatusBar: true },
  wordBasedSuggestions: 'off',
  inlayHints: { enabled: 'on', fontSize: 12, padding: false },
  // It would cover text; fixes are in the hover, under Ctrl+., and as buttons among the problems.
  lightbulb: { enabled: 'off' as Monaco.editor.ShowLightbulbIconMode },
  fixedOverflowWidgets: true,
  padding: { top: 8, bottom: 8 },
  wrappingIndent: 'indent',
  lineNumbersMinChars: 3,
  lineDecorationsWidth: 10,
  glyphMargin: true, // comments and suggestions have their marks there
  stickyScroll: { enabled: false },
  overviewRulerBorder: false,
  scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
};
