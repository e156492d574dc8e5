import { Anchor, Badge, Box, Group, Paper, SimpleGrid, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { errorFromFacts } from '../../protocol/error-facts.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { formatExact, formatRate } from '../../ui/format.ts';
import type { Answer, SamplingState } from './use-sampling.ts';

/** What the model writes: one text, or several side by side. */
export function Answers({
  sampling,
  empty,
}: {
  readonly sampling: SamplingState;
  /** Where to train a model; null where there is one. */
  readonly empty: string | null;
}) {
  const { answers, busy, outcome, stopped, error } = sampling;
  const several = answers.length > 1;
  return (
    <Stack gap="xs">
      {error !== null && <ErrorNotice error={error}> </ErrorNotice>}
      {several && (
        <Group gap="xs" mih={22} role="status" aria-label="All together">
          {busy ? (
            <Text size="xs" c="dimmed">
              {answers.filter((answer) => answer.outcome !== null).length} of {answers.length} done
            </Text>
          ) : (
            outcome !== null && (
              <>
                <Fact>{formatExact(outcome.tokens)} tokens together</Fact>
                <Fact>
                  {formatRate(outcome.tokens_per_second)} per second on {outcome.device.name}
                </Fact>
              </>
            )
          )}
        </Group>
      )}
      {answers.length === 0 ? (
        <Paper withBorder p="md" mih={240}>
          <Text c="dimmed" size="sm">
            <Invitation empty={empty} />
          </Text>
        </Paper>
      ) : (
        <SimpleGrid cols={several ? { base: 1, sm: 2 } : 1} spacing="sm">
          {answers.map((answer, i) => (
            <Written
              // biome-ignore lint/suspicious/noArrayIndexKey: an answer is its place, and two may read the same
              key={i}
              answer={answer}
              busy={busy && answer.outcome === null}
              stopped={stopped && answer.outcome === null}
              device={several ? null : (outcome?.device.name ?? null)}
              alone={!several}
            />
          ))}
        </SimpleGrid>
      )}
    </Stack>
  );
}

function Written({
  answer: { prompt, text, outcome },
  busy,
  stopped,
  device,
  alone,
}: {
  readonly answer: Answer;
  readonly busy: boolean;
  readonly stopped: boolean;
  /** To name beside the pace; null where it is named for all. */
  readonly device: string | null;
  readonly alone: boolean;
}) {
  return (
    <Stack gap={6}>
      <Paper
        withBorder
        p={alone ? 'md' : 'sm'}
        mih={alone ? 240 : 96}
        // Of several, a long one does not push the others away.
        {...(alone ? {} : { mah: '60vh', style: { overflowY: 'auto' }, tabIndex: 0 })}
        // Several at once would be read out over each other.
        aria-live={alone ? 'polite' : 'off'}
        aria-busy={busy}
      >
        <Box style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} fz="sm">
          <Text span fw={600} inherit>
            {prompt}
          </Text>
          {text}
        </Box>
        {outcome?.ok === false && (
          <Box mt="xs">
            <ErrorNotice error={errorFromFacts(outcome.error)}> </ErrorNotice>
          </Box>
        )}
      </Paper>
      {outcome?.ok === true && outcome.dropped > 0 && (
        <Text size="xs" c="dimmed">
          Left out of the prompt, as the model does not know them: {outcome.dropped} of its characters.
        </Text>
      )}
      {(stopped || outcome?.ok === true) && (
        <Group gap="xs">
          {outcome?.ok === true && (
            <>
              <Fact>{formatExact(outcome.tokens)} tokens</Fact>
              <Fact>
                {formatRate(outcome.tokens_per_second)} per second{device === null ? '' : ` on ${device}`}
              </Fact>
            </>
          )}
          <Fact>{ENDED[outcome?.ok === true ? outcome.ended : 'aborted']}</Fact>
        </Group>
      )}
    </Stack>
  );
}

function Fact({ children }: { readonly children: ReactNode }) {
  return (
    <Badge variant="light" color="gray" tt="none">
      {children}
    </Badge>
  );
}

function Invitation({ empty }: { readonly empty: string | null }) {
  if (empty === null) return 'Press Write, and the model goes on from the prompt.';
  return (
    <>
      There is no model yet:{' '}
      <Anchor inherit component={Link} to={empty}>
        train one
      </Anchor>
      , or open one below. Then it can write here.
    </>
  );
}

const ENDED = {
  length: 'all tokens written',
  stop: 'met a stop text',
  eos: 'the model ended it',
  aborted: 'stopped',
} as const;
