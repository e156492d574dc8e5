import { SegmentedControl, Splitter } from '@mantine/core';
import type { SplitterPaneSize } from '@mantine/hooks';
import { useMediaQuery } from '@mantine/hooks';
import { type CSSProperties, type ReactNode, useState } from 'react';

export type Pane = 'files' | 'editor' | 'problems' | 'side';

/**
 * Side by side where there is room; one at a time behind tabs where there is not. It is one tree for both: a window
 * that becomes narrow, or a tablet that is turned, keeps the editor, what is half written and what is open over it.
 */
export function EditorLayout(props: {
  readonly panes: Readonly<Record<Pane, ReactNode>>;
  readonly problemCount: number;
  /** What must be seen whatever part is shown; it is said in the editor too. */
  readonly notice: ReactNode;
  readonly pane: Pane;
  readonly onPane: (pane: Pane) => void;
}) {
  const { panes, pane, onPane, problemCount } = props;
  const narrow = useMediaQuery('(max-width: 62em)', undefined, { getInitialValueInEffect: false }) ?? false;
  const [sizes, setSizes] = useState(readSizes);
  const save = (change: Partial<typeof sizes>): void => {
    const next = { ...sizes, ...change };
    setSizes(next);
    try {
      localStorage.setItem(SIZES, JSON.stringify(next));
    } catch {
      // Not remembered; nothing else depends on it.
    }
  };
  /** One pane has all the room, where there is room for one. */
  const showing = (
    ...parts: readonly Pane[]
  ): { readonly hidden: boolean; readonly style?: CSSProperties } =>
    narrow ? { hidden: !parts.includes(pane), style: WHOLE } : { hidden: false };
  return (
    <div className="editor-screen">
      {narrow && (
        <SegmentedControl
          size="xs"
          radius={0}
          fullWidth
          value={pane}
          onChange={(value) => onPane(value as Pane)}
          aria-label="Part of the editor"
          data={[
            { value: 'files', label: 'Files' },
            { value: 'editor', label: 'Editor' },
            { value: 'problems', label: problemCount === 0 ? 'Problems' : `Problems ${problemCount}` },
            { value: 'side', label: 'Review' },
          ]}
        />
      )}
      {narrow && pane !== 'editor' && props.notice}
      <Splitter
        {...LINE}
        ref={nameColumns}
        className="editor-panes"
        sizes={sizes.columns}
        onSizeChange={(columns) => save({ columns })}
      >
        <Splitter.Pane defaultSize="210px" min="140px" max="420px" className="pane" {...showing('files')}>
          {panes.files}
        </Splitter.Pane>
        <Splitter.Pane defaultSize="100%" min="30%" className="pane" {...showing('editor', 'problems')}>
          <Splitter
            {...LINE}
            ref={nameRows}
            orientation="vertical"
            className="editor-column"
            sizes={sizes.rows}
            onSizeChange={(rows) => save({ rows })}
          >
            <Splitter.Pane defaultSize="100%" min="20%" className="pane" {...showing('editor')}>
              {panes.editor}
            </Splitter.Pane>
            <Splitter.Pane
              defaultSize="190px"
              min="60px"
              max="600px"
              className="pane"
              {...showing('problems')}
            >
              {panes.problems}
            </Splitter.Pane>
          </Splitter>
        </Splitter.Pane>
        <Splitter.Pane defaultSize="344px" min="240px" max="560px" className="pane" {...showing('side')}>
          {panes.side}
        </Splitter.Pane>
      </Splitter>
    </div>
  );
}

const WHOLE: CSSProperties = { flexGrow: 1, flexBasis: 0 };
const LINE = {
  lineSize: 1,
  withHandle: false,
  handleColor: 'var(--line)',
  classNames: { handle: 'pane-handle' },
} as const;

/** What is between the panes can be moved with the keys, and says how wide the pane before it is, but not its name. */
const nameHandles = (names: readonly string[]) => (splitter: HTMLElement | null) => {
  const handles = splitter?.querySelectorAll(':scope > [role=separator]') ?? [];
  for (const [i, handle] of [...handles].entries()) handle.setAttribute('aria-label', names[i] ?? '');
};
const nameColumns = nameHandles(['Between files and text', 'Between text and review']);
const nameRows = nameHandles(['Between text and problems']);

const SIZES = 'anneal.editor.sizes';

interface Sizes {
  readonly columns: SplitterPaneSize[];
  readonly rows: SplitterPaneSize[];
}

function readSizes(): Sizes {
  const standard: Sizes = { columns: ['210px', '100%', '344px'], rows: ['100%', '190px'] };
  try {
    const value: unknown = JSON.parse(localStorage.getItem(SIZES) ?? 'null');
    if (typeof value !== 'object' || value === null || !('columns' in value) || !('rows' in value))
      return standard;
    const isSizes = (sizes: unknown, count: number): sizes is SplitterPaneSize[] =>
      Array.isArray(sizes) &&
      sizes.length === count &&
      sizes.every((one) => typeof one === 'string' || typeof one === 'number');
    return isSizes(value.columns, 3) && isSizes(value.rows, 2)
      ? { columns: value.columns, rows: value.rows }
      : standard;
  } catch {
    return standard;
  }
}
