import type * as Monaco from 'monaco-editor/editor';

/**
 * YAML as configs use it. Monaco's own grammar takes a number for a string as soon as a comment follows it,
 * which in a commented config is most numbers.
 */
export function defineYaml(monaco: typeof Monaco): void {
  monaco.languages.register({ id: 'yaml', extensions: ['.yaml', '.yml'], aliases: ['YAML', 'yaml'] });
  monaco.languages.setLanguageConfiguration('yaml', {
    comments: { lineComment: '#' },
    brackets: [
      ['{', '}'],
      ['[', ']'],
    ],
    autoClosingPairs: [
      { open: '{', close: '}' },
      { open: '[', close: ']' },
      { open: '"', close: '"', notIn: ['string', 'comment'] },
      { open: "'", close: "'", notIn: ['string', 'comment'] },
    ],
    folding: { offSide: true },
    onEnterRules: [
      // A line that ends in a colon opens a section.
      { beforeText: /:\s*(#.*)?$/, action: { indentAction: monaco.languages.IndentAction.Indent } },
    ],
  });
  monaco.languages.setMonarchTokensProvider('yaml', {
    tokenizer: {
      root: [
        [/^\s*(---|\.\.\.)\s*$/, 'keyword'],
        [/#.*$/, 'comment'],
        [/(\s*)(- )/, ['white', 'delimiter']],
        [/([\w.$/-][^:#{}[\],]*?)(\s*)(:)(?=\s|$)/, ['type', 'white', 'delimiter']],
        { include: 'value' },
      ],
      value: [
        [/\s+#.*$/, 'comment'],
        [/[{}[\],]/, 'delimiter.bracket'],
        [/"/, 'string', '@double'],
        [/'/, 'string', '@single'],
        [/[|>][+-]?\d*(?=\s*(#|$))/, 'keyword'],
        [/[-+]?(\d[\d_]*\.?\d*|\.\d+)([eE][-+]?\d+)?(?=\s*([,}\]#]|$))/, 'number'],
        [/(true|false|null|~)(?=\s*([,}\]#]|$))/, 'keyword'],
        [/[&*][\w-]+/, 'keyword'],
        [/[^\s#{}[\],"'][^#{}[\],:]*/, 'string'],
        [/\s+/, 'white'],
        [/./, 'string'],
      ],
      double: [
        [/[^\\"]+/, 'string'],
        [/\\./, 'string.escape'],
        [/"/, 'string', '@pop'],
      ],
      single: [
        [/[^']+|''/, 'string'],
        [/'/, 'string', '@pop'],
      ],
    },
  });
}
