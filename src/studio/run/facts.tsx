import { Code, CopyButton, Group, Stack, Table, Text, Tooltip, UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Run } from '../../domain/runs/run.ts';
import { formatBytes, formatExact } from '../../ui/format.ts';

/** What the run pins: with the same of each, the same losses come out again. */
export function RunFacts({ run }: { readonly run: Run }) {
  const { pins, facts } = run;
  const limits = pins.device?.limits;
  const others = (pins.device_tried ?? []).filter(({ name }) => name !== pins.device?.name);
  const rows: readonly (readonly [string, ReactNode])[] = [
    ['Config', pins.config.path],
    ['Edited by', pins.config.edited_by.join(', ') || 'nobody else'],
    ['Version of the text', <Hash key="v" value={pins.config.version} />],
    ['Data', pins.data.source],
    ['Hash of the data', <Hash key="d" value={pins.data.sha256} />],
    [
      'Tokens',
      facts === null
        ? '–'
        : `${formatExact(facts.train_tokens)} to train, ${formatExact(facts.validation_tokens)} to validate`,
    ],
    ['Vocabulary', formatExact(facts?.vocab_size ?? null)],
    ['Hash of the tokenizer', <Hash key="t" value={pins.tokenizer} />],
    ['Parameters', formatExact(facts?.parameters ?? null)],
    ['Seed', String(pins.seed)],
    ['Device', pins.device === null ? pins.device_choice : `${pins.device.name}: ${pins.device.description}`],
    ['Why this device', pins.device_reason ?? '–'],
    ...(others.length === 0 ? [] : [['Other devices', <Others key="o" others={others} />] as const]),
    [
      'Limits of the device',
      limits === undefined
        ? '–'
        : `memory ${formatBytes(limits.memory_bytes)}, one buffer ${formatBytes(limits.max_buffer_bytes)}`,
    ],
    ['Starts from', pins.model?.name ?? 'random weights'],
    ['Program', pins.program],
    ['Created', new Date(run.created_at).toLocaleString()],
  ];
  return (
    <Table fz="sm" verticalSpacing={4} variant="vertical" layout="fixed">
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w={170}>{name}</Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** What became of each of the devices that were not taken. */
function Others({
  others,
}: {
  readonly others: readonly { readonly name: string; readonly outcome: string }[];
}) {
  return (
    <Stack gap={2}>
      {others.map(({ name, outcome }) => (
        <span key={name}>
          {name}: {outcome}
        </span>
      ))}
    </Stack>
  );
}

function Hash({ value }: { readonly value: string | null }) {
  if (value === null) return <>–</>;
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `${value.slice(0, 64)} (click to copy)`}>
          <UnstyledButton onClick={copy} aria-label={`Copy ${value}`}>
            <Group gap={4} wrap="nowrap">
              <Code>{value.slice(0, 12)}</Code>
              <Text size="xs" c="dimmed">
                {copied ? 'copied' : ''}
              </Text>
            </Group>
          </UnstyledButton>
        </Tooltip>
      )}
    </CopyButton>
  );
}
