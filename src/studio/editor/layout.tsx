import { SegmentedControl, Splitter } from '@mantine/core';
import type { SplitterPaneSize } from '@mantine/hooks';
import { useMediaQuery } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';

export type Pane = 'files' | 'editor' | 'problems' | 'side';

/** Side by side where there is room; one at a time behind tabs where there is not. The editor stays mounted. */
export function EditorLayout(props: {
  readonly panes: Readonly<Record<Pane, ReactNode>>;
  readonly problemCount: number;
  readonly pane: Pane;
  readonly onPane: (pane: Pane) => void;
}) {
  const { panes, pane, onPane, problemCount } = props;
  const narrow = useMediaQuery('(max-width: 62em)', undefined, { getInitialValueInEffect: false });
  const [sizes, setSizes] = useState(readSizes);
  if (narrow) {
    return (
      <div className="editor-screen">
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
        {(['files', 'editor', 'problems', 'side'] as const).map((one) => (
          <div key={one} className="editor-pane" hidden={one !== pane}>
            {panes[one]}
          </div>
        ))}
      </div>
    );
  }
  const save = (change: Partial<typeof sizes>): void => {
    const next = { ...sizes, ...change };
    setSizes(next);
    try {
      localStorage.setItem(SIZES, JSON.stringify(next));
    } catch {
      // Not remembered; nothing else depends on it.
    }
  };
  return (
    <Splitter
      className="editor-screen"
      lineSize={1}
      withHandle={false}
      handleColor="var(--line)"
      sizes={sizes.columns}
      onSizeChange={(columns) => save({ columns })}
    >
      <Splitter.Pane defaultSize="210px" min="140px" max="420px" className="pane">
        {panes.files}
      </Splitter.Pane>
      <Splitter.Pane defaultSize="100%" min="30%" className="pane">
        <Splitter
          orientation="vertical"
          lineSize={1}
          withHandle={false}
          handleColor="var(--line)"
          className="editor-column"
          sizes={sizes.rows}
          onSizeChange={(rows) => save({ rows })}
        >
          <Splitter.Pane defaultSize="100%" min="20%" className="pane">
            {panes.editor}
          </Splitter.Pane>
          <Splitter.Pane defaultSize="190px" min="60px" max="600px" className="pane">
            {panes.problems}
          </Splitter.Pane>
        </Splitter>
      </Splitter.Pane>
      <Splitter.Pane defaultSize="344px" min="240px" max="560px" className="pane">
        {panes.side}
      </Splitter.Pane>
    </Splitter>
  );
}

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
