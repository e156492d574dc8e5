import { ColorSwatch, Group, Table, Text } from '@mantine/core';
import { memo, useMemo } from 'react';
import { type ChartPointer, usePointedStep } from '../../ui/charts/pointer.ts';
import { readAt } from '../../ui/charts/series.ts';
import { PANELS, type RunCurves } from './metrics.ts';

const COLUMNS = PANELS.flatMap((panel) =>
  panel.id === 'loss'
    ? [
        { key: 'loss', title: 'Loss', panel, index: 0 },
        { key: 'val_loss', title: 'Validation loss', panel, index: 1 },
      ]
    : [{ key: panel.id, title: panel.title, panel, index: 0 }],
);

/** What every curve reads at the step under the pointer, unsmoothed; at the last step when there is none. */
export const Readout = memo(function Readout({
  runs,
  pointer,
}: {
  readonly runs: readonly RunCurves[];
  readonly pointer: ChartPointer;
}) {
  const step = usePointedStep(pointer);
  // Once for new figures, not for every movement of the pointer.
  const curves = useMemo(
    () => new Map(runs.map((run) => [run, new Map(PANELS.map((panel) => [panel, panel.curves(run)]))])),
    [runs],
  );
  const columns = COLUMNS.filter(
    ({ panel, index }) =>
      panel.rare !== true ||
      [...curves.values()].some((of) => (of.get(panel)?.[index]?.values.length ?? 0) > 0),
  );
  const last = Math.max(0, ...runs.map((run) => run.metrics.steps.at(-1)?.step ?? 0));
  const at = step ?? last;
  return (
    <Table.ScrollContainer minWidth={640} mb={0}>
      <Table
        fz="xs"
        verticalSpacing={2}
        aria-label={`Figures at step ${at}`}
        style={{ fontVariantNumeric: 'tabular-nums' }}
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Step {Math.round(at).toLocaleString('en')}</Table.Th>
            {columns.map((column) => (
              <Table.Th key={column.key} ta="right">
                {column.title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <Table.Tr key={run.id}>
              <Table.Td>
                <Group gap={6} wrap="nowrap">
                  <ColorSwatch
                    size={10}
                    color={`var(--mantine-color-${run.color.replace('.', '-')})`}
                    withShadow={false}
                  />
                  <Text size="xs" truncate maw={180}>
                    {run.name}
                  </Text>
                </Group>
              </Table.Td>
              {columns.map(({ key, panel, index }) => {
                const curve = curves.get(run)?.get(panel)?.[index];
                const value = curve === undefined ? null : readAt({ ...curve, color: '' }, at);
                return (
                  <Table.Td key={key} ta="right">
                    {value === null ? '–' : panel.format(value)}
                  </Table.Td>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
});
