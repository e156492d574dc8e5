import './profile.css';
import { Button, ScrollArea, SegmentedControl, Stack } from '@mantine/core';
import { useMemo, useState } from 'react';
import { type Grouping, type ProfileRow, profileTable } from '../../../engine/training/profile-table.ts';
import { PROFILE_COLUMNS } from '../../../engine/training/profile-text.ts';
import type { RecordedStep } from '../../../engine/training/recorded-step.ts';

const GROUPINGS: readonly { readonly value: Grouping; readonly label: string }[] = [
  { value: 'kind', label: 'Kind' },
  { value: 'op', label: 'Op' },
  { value: 'module', label: 'Module' },
  { value: 'call', label: 'Call' },
];

/** So many rows say it all, and are drawn in a blink. */
const ROWS = 25;

/** Where the time of the step went, the longest first. */
export function ProfileRows({ recorded }: { readonly recorded: RecordedStep }) {
  const [by, setBy] = useState<Grouping>('op');
  const [all, setAll] = useState(false);
  const { rows, total } = useMemo(() => profileTable(recorded, by), [recorded, by]);
  const columns = useMemo(
    () => PROFILE_COLUMNS.filter(({ title }) => title !== 'Module' || by !== 'kind'),
    [by],
  );
  const shown = all ? rows : rows.slice(0, ROWS);
  const line = (row: ProfileRow) => (
    <tr key={row.key}>
      {columns.map(({ text, cell }, i) => (
        <td
          // biome-ignore lint/suspicious/noArrayIndexKey: two columns have one title, and columns never move
          key={i}
          className={text ? 'text' : undefined}
        >
          {cell(row)}
        </td>
      ))}
    </tr>
  );
  return (
    <Stack gap="xs" align="start">
      <SegmentedControl
        size="xs"
        aria-label="Group by"
        data={[...GROUPINGS]}
        value={by}
        onChange={(value) => {
          setBy(value as Grouping);
          setAll(false);
        }}
      />
      <ScrollArea w="100%" type="auto" offsetScrollbars="x">
        <table className="profile" aria-label="Time by op">
          <thead>
            <tr>
              {columns.map(({ title, text }, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two columns have one title, and columns never move
                <th key={i} className={text ? 'text' : undefined}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{shown.map(line)}</tbody>
          <tfoot>{line(total)}</tfoot>
        </table>
      </ScrollArea>
      {rows.length > shown.length && (
        <Button size="compact-xs" variant="default" onClick={() => setAll(true)}>
          Show all {rows.length.toLocaleString('en')} rows
        </Button>
      )}
    </Stack>
  );
}
