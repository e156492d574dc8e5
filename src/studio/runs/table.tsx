import {
  ActionIcon,
  Anchor,
  Checkbox,
  Group,
  Progress,
  Table,
  Text,
  Tooltip,
  UnstyledButton,
  VisuallyHidden,
} from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconTrash } from '@tabler/icons-react';
import { Link } from 'react-router';
import { can, isActive } from '../../domain/runs/run.ts';
import { formatCount, formatExact } from '../../ui/format.ts';
import { RunStateBadge } from '../shared/run-state.tsx';
import { type RunRow, type Sorting, type SortKey, stepOf } from './rows.ts';

const COLUMNS: readonly { readonly key: SortKey; readonly title: string; readonly right?: boolean }[] = [
  { key: 'name', title: 'Name' },
  { key: 'state', title: 'State' },
  { key: 'step', title: 'Step' },
  { key: 'loss', title: 'Loss', right: true },
  { key: 'val_loss', title: 'Best validation', right: true },
  { key: 'parameters', title: 'Parameters', right: true },
  { key: 'created', title: 'Created' },
];

export interface RunsTableProps {
  readonly rows: readonly RunRow[];
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (id: string, selected: boolean) => void;
  readonly onDelete: (row: RunRow) => void;
  readonly path: (id: string) => string;
}

export function RunsTable({ rows, sorting, onSort, selected, onSelect, onDelete, path }: RunsTableProps) {
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table highlightOnHover verticalSpacing="xs" style={{ fontVariantNumeric: 'tabular-nums' }}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={36}>
              <VisuallyHidden>Compare</VisuallyHidden>
            </Table.Th>
            {COLUMNS.map((column) => (
              <Heading key={column.key} column={column} sorting={sorting} onSort={onSort} />
            ))}
            <Table.Th w={44} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => {
            const { run, summary } = row;
            const step = stepOf(row);
            return (
              <Table.Tr key={run.id}>
                <Table.Td>
                  <Checkbox
                    size="xs"
                    aria-label={`Compare ${run.name}`}
                    checked={selected.has(run.id)}
                    onChange={(event) => onSelect(run.id, event.currentTarget.checked)}
                  />
                </Table.Td>
                <Table.Td maw={260}>
                  <Anchor component={Link} to={path(run.id)} size="sm" fw={500} truncate display="block">
                    {run.name}
                  </Anchor>
                  <Text size="xs" c="dimmed" truncate>
                    {run.pins.data.source}, {run.pins.device?.name ?? run.pins.device_choice}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <RunStateBadge state={run.state} />
                </Table.Td>
                <Table.Td miw={130}>
                  <Text size="xs">
                    {formatExact(step)} of {formatExact(run.max_steps)}
                  </Text>
                  <Progress
                    size={3}
                    mt={2}
                    value={run.max_steps === 0 ? 0 : (step / run.max_steps) * 100}
                    color={run.state === 'finished' ? 'green' : run.state === 'failed' ? 'red' : 'ember'}
                    aria-hidden
                  />
                </Table.Td>
                <Figure value={summary.last?.loss ?? null} />
                <Figure value={summary.best_eval?.val_loss ?? null} />
                <Table.Td ta="right">
                  <Text size="sm" title={formatExact(run.facts?.parameters ?? null)}>
                    {formatCount(run.facts?.parameters ?? null)}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Text size="xs" title={new Date(run.created_at).toLocaleString()}>
                    {new Date(run.created_at).toLocaleString(undefined, {
                      dateStyle: 'short',
                      timeStyle: 'short',
                    })}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Group justify="end">
                    <Tooltip label={isActive(run) ? 'Stop the run before you delete it' : 'Delete'}>
                      <ActionIcon
                        aria-label={`Delete ${run.name}`}
                        disabled={!can(run, 'deleted')}
                        onClick={() => onDelete(row)}
                      >
                        <IconTrash size={16} stroke={1.6} />
                      </ActionIcon>
                    </Tooltip>
                  </Group>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Figure({ value }: { readonly value: number | null }) {
  return <Table.Td ta="right">{value === null ? '–' : value.toFixed(4)}</Table.Td>;
}

function Heading({
  column: { key, title, right = false },
  sorting,
  onSort,
}: { readonly column: (typeof COLUMNS)[number] } & Pick<RunsTableProps, 'sorting' | 'onSort'>) {
  const active = sorting.key === key;
  const Arrow = sorting.descending ? IconArrowDown : IconArrowUp;
  return (
    <Table.Th aria-sort={active ? (sorting.descending ? 'descending' : 'ascending') : 'none'}>
      <UnstyledButton
        w="100%"
        fz="xs"
        fw={600}
        onClick={() => onSort({ key, descending: active ? !sorting.descending : key === 'created' })}
      >
        <Group gap={4} wrap="nowrap" justify={right ? 'end' : 'start'}>
          {right && active && <Arrow size={12} aria-hidden />}
          {title}
          {!right && active && <Arrow size={12} aria-hidden />}
        </Group>
      </UnstyledButton>
    </Table.Th>
  );
}
