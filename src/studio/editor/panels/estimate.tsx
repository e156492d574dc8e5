import { Alert, Group, Progress, Stack, Text, Tooltip } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { memo, type ReactNode } from 'react';
import type { Estimate } from '../../../domain/preflight/report.ts';
import type { DeviceInfo } from '../../../engine/device.ts';
import { formatBytes, formatCount, formatExact, formatFlops, formatSeconds } from '../../../ui/format.ts';

const KINDS = [
  { key: 'weights', label: 'Weights', color: 'blue.6' },
  { key: 'gradients', label: 'Gradients', color: 'teal.6' },
  { key: 'optimizer', label: 'Optimizer', color: 'violet.6' },
  { key: 'activations', label: 'Activations', color: 'orange.6' },
  { key: 'logits', label: 'Logits', color: 'pink.6' },
] as const;

/** What the run will cost, from the plan of the very graph that would train. */
export const EstimatePanel = memo(function EstimatePanel(props: {
  readonly estimate: Estimate | null;
  /** Why there is nothing to estimate; null where there is. */
  readonly closed: string | null;
  /** The figures are of an older text: the present one cannot be read. */
  readonly stale: boolean;
  readonly device: DeviceInfo | null;
}) {
  const { estimate, closed, stale, device } = props;
  if (closed !== null || estimate === null || estimate.parameters === null) {
    return (
      <Text c="dimmed" size="sm" p="md">
        {closed === null
          ? 'There is no estimate until the model section can be read.'
          : `${closed} There is nothing to estimate.`}
      </Text>
    );
  }
  return (
    <Stack gap="md" p="md">
      {stale && (
        <Alert
          color="yellow"
          variant="light"
          p="xs"
          icon={<IconHistory size={16} aria-hidden />}
          data-stale=""
        >
          <Text size="xs">The last good reading: as it is written now the config cannot be planned.</Text>
        </Alert>
      )}
      <Stack gap="md" style={stale ? { opacity: 0.65 } : undefined}>
        <Figures>
          <Figure
            label="Parameters"
            value={formatCount(estimate.parameters)}
            exact={formatExact(estimate.parameters)}
          />
          <Figure
            label="Time of the run"
            value={formatSeconds(estimate.seconds)}
            exact={timeNote(estimate.seconds)}
          />
          <Figure
            label="Tokens per step"
            value={formatCount(estimate.tokens_per_step)}
            exact={formatExact(estimate.tokens_per_step)}
          />
          <Figure
            label="Work per step"
            value={formatFlops(estimate.flops_per_step)}
            exact={`${formatExact(estimate.flops_per_step)} floating-point operations`}
          />
        </Figures>
        <Memory bytes={estimate.bytes} device={device} />
      </Stack>
    </Stack>
  );
});

function timeNote(seconds: number | null): string {
  return seconds === null
    ? 'Unknown until this device has trained once; then it follows from what was measured.'
    : 'From what was last measured on this device.';
}

function Figures({ children }: { readonly children: ReactNode }) {
  return <dl className="figures">{children}</dl>;
}

function Figure(props: { readonly label: string; readonly value: string; readonly exact: string }) {
  return (
    <div>
      <dt>{props.label}</dt>
      <Tooltip label={props.exact}>
        <dd>{props.value}</dd>
      </Tooltip>
    </div>
  );
}

/** Bytes by kind; against the device's limit where it is known, else against their sum. */
function Memory({
  bytes,
  device,
}: {
  readonly bytes: Estimate['bytes'];
  readonly device: DeviceInfo | null;
}) {
  const limit = device?.limits.memory_bytes ?? null;
  const total = bytes.total ?? 0;
  const share = limit === null || limit === 0 ? null : total / limit;
  // Far below the limit the kinds would be one sliver: then the bar shows what the memory is made of.
  const scale =
    share !== null && share >= 0.2 && limit !== null ? Math.max(limit, total) : Math.max(total, 1);
  const planned = device === null || device.name.startsWith('tfjs');
  return (
    <div>
      <Group justify="space-between" mb={6} wrap="nowrap" gap="xs">
        <Text size="sm" fw={500}>
          Memory{planned ? ', planned' : ''}
        </Text>
        <Text
          size="sm"
          fw={500}
          style={{ whiteSpace: 'nowrap' }}
          c={share !== null && share > 1 ? 'red' : 'inherit'}
        >
          {formatBytes(bytes.total)}
        </Text>
      </Group>
      <Progress.Root size={12} aria-label="Memory by kind">
        {KINDS.map(({ key, label, color }) => (
          <Tooltip key={key} label={`${label}: ${formatBytes(bytes[key])}`}>
            <Progress.Section value={((bytes[key] ?? 0) / scale) * 100} color={color} aria-label={label} />
          </Tooltip>
        ))}
      </Progress.Root>
      <table className="bytes">
        <tbody>
          {KINDS.map(({ key, label, color }) => (
            <tr key={key}>
              <th scope="row">
                <span
                  className="swatch"
                  style={{ background: `var(--mantine-color-${color.replace('.', '-')})` }}
                />
                {label}
              </th>
              <td>{formatBytes(bytes[key])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Text size="xs" c="dimmed" mt={6}>
        {limitInWords(device, share)}
      </Text>
    </div>
  );
}

function limitInWords(device: DeviceInfo | null, share: number | null): string {
  if (device === null) return 'The limit shows once a device has been chosen.';
  const { memory_bytes: all, max_buffer_bytes: one } = device.limits;
  const oneBuffer = one === null ? '' : ` One buffer may have ${formatBytes(one)}.`;
  if (all === null || share === null)
    return `${device.description}: states no limit for all memory.${oneBuffer}`;
  const percent = share < 0.01 ? 'Under 1 %' : `${Math.round(share * 100)} %`;
  return `${percent} of the ${formatBytes(all)} of ${device.name} (${device.description}).${oneBuffer}`;
}
