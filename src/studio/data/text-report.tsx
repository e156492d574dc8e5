import {
  Alert,
  Badge,
  Box,
  Code,
  Group,
  Paper,
  Progress,
  SimpleGrid,
  Stack,
  Text,
  Tooltip,
} from '@mantine/core';
import type { TextReport } from '../../protocol/data.ts';
import { formatBytes, formatExact } from '../../ui/format.ts';

/** What a text is made of: counts, split, hash, the commonest characters and its beginning. */
export function TextReportView({
  report,
  validationSplit,
}: {
  readonly report: TextReport;
  readonly validationSplit: number;
}) {
  const { facts } = report;
  const validation = Math.round(facts.characters * validationSplit);
  const figures: readonly (readonly [string, string])[] = [
    ['Characters', formatExact(facts.characters)],
    ['Words', formatExact(facts.words)],
    ['Lines', formatExact(facts.lines)],
    ['Different characters', formatExact(facts.distinct_characters)],
    ['Size', formatBytes(report.bytes)],
  ];
  return (
    <Stack gap="md">
      {report.notices.map((notice) => (
        <Alert key={notice.code} color="blue" title={notice.message} py="xs">
          <Text size="sm">{notice.fix}</Text>
        </Alert>
      ))}
      <SimpleGrid cols={{ base: 2, sm: 5 }} spacing="sm">
        {figures.map(([name, value]) => (
          <div key={name}>
            <Text size="xs" c="dimmed">
              {name}
            </Text>
            <Text fw={500}>{value}</Text>
          </div>
        ))}
      </SimpleGrid>
      <div>
        <Progress.Root size={10} aria-label="Split into training and validation">
          <Progress.Section value={(1 - validationSplit) * 100} color="ember.7" aria-label="Training" />
          <Progress.Section value={validationSplit * 100} color="gray.5" aria-label="Validation" />
        </Progress.Root>
        <Group justify="space-between" gap="xs" mt={4}>
          <Text size="xs">Trained on: the first {formatExact(facts.characters - validation)} characters</Text>
          <Text size="xs">Only measures: the last {formatExact(validation)}</Text>
        </Group>
        <Text size="xs" c="dimmed">
          data.validation_split: {validationSplit}
        </Text>
      </div>
      <div>
        <Text size="sm" fw={500} mb={4}>
          Beginning
        </Text>
        <Paper
          withBorder
          p="sm"
          ff="monospace"
          fz="xs"
          mah={300}
          style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', overflowY: 'auto' }}
          tabIndex={0}
          aria-label="Beginning of the text"
        >
          {facts.preview}
        </Paper>
      </div>
      <div>
        <Text size="sm" fw={500} mb={4}>
          Commonest characters
        </Text>
        <Group gap={4}>
          {facts.top_characters.map(({ character, count }) => (
            <Tooltip key={character} label={`${formatExact(count)} times, U+${codePoint(character)}`}>
              <Badge variant="default" radius="sm" tt="none" ff="monospace" fw={400}>
                {visible(character)} {((count / Math.max(1, facts.characters)) * 100).toFixed(1)}%
              </Badge>
            </Tooltip>
          ))}
        </Group>
      </div>
      <Box>
        <Text size="xs" c="dimmed">
          sha256 <Code style={{ overflowWrap: 'anywhere' }}>{report.sha256}</Code>
        </Text>
      </Box>
    </Stack>
  );
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/** Characters that cannot be seen, by the names that people know. */
function visible(character: string): string {
  const names: Readonly<Record<string, string>> = {
    ' ': 'space',
    '\n': 'line end',
    '\t': 'tab',
    '\u00a0': 'no-break space',
  };
  return names[character] ?? (/[\p{C}\p{Z}\p{M}]/u.test(character) ? `U+${codePoint(character)}` : character);
}
