import { Badge, Button, Code, Group, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { useServices } from '../app/services.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { aboutWords, actionWords, actorWords, isDone } from './audit-words.ts';

const PAGE = 50;

/** What was done in the workspace, newest first. */
export function Audit({ workspace }: { readonly workspace: SessionWorkspace }) {
  const { server } = useServices();
  const pages = useInfiniteQuery({
    queryKey: ['audit', workspace.id],
    initialPageParam: null as number | null,
    queryFn: ({ pageParam, signal }) =>
      server.audit.list(workspace.id, {
        signal,
        limit: PAGE,
        ...(pageParam === null ? {} : { before: pageParam }),
      }),
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.seq),
  });
  const entries = pages.data?.pages.flat() ?? [];
  return (
    <Stack>
      <div className="access-intro">
        <Text size="sm" c="dimmed" component="p" m={0}>
          Each entry holds the hash of the one before it, and the last one is signed.{' '}
          <Code style={{ whiteSpace: 'nowrap' }}>npx anneal audit verify</Code> on the server finds one that
          was changed, removed or moved.
        </Text>
        <Button size="xs" variant="default" loading={pages.isFetching} onClick={() => void pages.refetch()}>
          Look again
        </Button>
      </div>
      {pages.error !== null && <ErrorNotice error={pages.error} />}
      {pages.data === undefined && pages.error === null && <Skeleton h={160} />}
      {pages.data !== undefined && (
        <Table verticalSpacing={6} fz="sm" style={{ fontVariantNumeric: 'tabular-nums' }}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w="38%">When and who</Table.Th>
              <Table.Th>What</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.map((entry) => (
              <Table.Tr key={entry.seq} style={{ verticalAlign: 'top' }}>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  {new Date(entry.at).toLocaleString()}
                  <Text size="xs" c="dimmed">
                    {actorWords(entry)}
                  </Text>
                </Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  <Group gap={6}>
                    {actionWords(entry.action)}
                    {!isDone(entry) && (
                      <Badge size="xs" color="red" variant="light" tt="none">
                        {entry.outcome}
                      </Badge>
                    )}
                  </Group>
                  <Text size="xs" c="dimmed">
                    {aboutWords(entry)}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {pages.data !== undefined && entries.length === 0 && (
        <Text c="dimmed" size="sm" ta="center" py="xl">
          Nothing has been done here yet.
        </Text>
      )}
      {pages.hasNextPage && (
        <Button
          variant="default"
          loading={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          Earlier
        </Button>
      )}
    </Stack>
  );
}
