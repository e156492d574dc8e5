import type * as Monaco from 'monaco-editor/editor';

/** The kit's colours in Monaco; the tokens of YAML keep 4.5:1 on both surfaces. */
export function defineThemes(monaco: typeof Monaco): void {
  monaco.editor.defineTheme('anneal-light', {
    base: 'vs',
    inherit: true,
    rules: [
      { token: 'type', foreground: '8a2607' },
      { token: 'string', foreground: '2b5b1c' },
      { token: 'number', foreground: '1c4f8a' },
      { token: 'keyword', foreground: '6b2fa0' },
      { token: 'comment', foreground: '68707c', fontStyle: 'italic' },
    ],
    colors: {
      'editor.background': '#ffffff',
      'editorLineNumber.foreground': '#8a919c',
      'editorLineNumber.activeForeground': '#2b303a',
      'editor.lineHighlightBackground': '#f6f7f9',
      'editorInlayHint.foreground': '#68707c',
      'editorInlayHint.background': '#00000000',
      focusBorder: '#b83209',
    },
  });
  monaco.editor.defineTheme('anneal-dark', {
    base: 'vs-dark',
    inherit: true,
    rules: [
      { token: 'type', foreground: 'fda574' },
      { token: 'string', foreground: 'a8d695' },
      { token: 'number', foreground: '8cc2ff' },
      { token: 'keyword', foreground: 'cba6f7' },
      { token: 'comment', foreground: '8a919c', fontStyle: 'italic' },
    ],
    colors: {
      'editor.background': '#14161c',
      'editorLineNumber.foreground': '#646b78',
      'editorLineNumber.activeForeground': '#d3d6dc',
      'editor.lineHighlightBackground': '#1b1e26',
      'editorInlayHint.foreground': '#8f96a3',
      'editorInlayHint.background': '#00000000',
      'editorWidget.background': '#1b1e26',
      'editorSuggestWidget.background': '#1b1e26',
      'editorHoverWidget.background': '#1b1e26',
      // A line and what changed in it lie over each other; the comments on both keep 4.5:1.
      'diffEditor.insertedLineBackground': '#3fb95016',
      'diffEditor.insertedTextBackground': '#3fb9500f',
      'diffEditor.removedLineBackground': '#f851491a',
      'diffEditor.removedTextBackground': '#f851491a',
      focusBorder: '#fb743c',
    },
  });
}
