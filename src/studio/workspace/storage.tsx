import { Button, Group, NumberInput, Progress, Skeleton, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { formatBytes } from '../../ui/format.ts';
import { useServices } from '../app/services.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { notifyError } from '../shared/notify.tsx';

const GB = 1e9;

/** How much data and models take on the server, and for owners how much they may. */
export function Storage({ workspace }: { readonly workspace: SessionWorkspace }) {
  const { artifacts } = useServices().server;
  const queries = useQueryClient();
  const queryKey = ['artifact use', workspace.id];
  const use = useQuery({ queryKey, queryFn: ({ signal }) => artifacts.use(workspace.id, { signal }) });
  const [limit, setLimit] = useState<string | number>('');
  const change = useMutation({
    mutationFn: (gigabytes: string | number) =>
      artifacts.setQuota(workspace.id, gigabytes === '' ? null : Math.round(Number(gigabytes) * GB)),
    onSuccess: (next) => {
      queries.setQueryData(queryKey, next);
      setLimit('');
    },
    onError: notifyError,
  });
  const { data } = use;
  return (
    <section aria-label="Room for data and models">
      <Title order={3} fz="sm" mb={6}>
        Room for data and models
      </Title>
      {use.error !== null && <ErrorNotice error={use.error} />}
      {data === undefined ? (
        use.error === null && <Skeleton h={40} />
      ) : (
        <>
          {data.quota !== null && (
            <Progress
              value={data.quota === 0 ? 100 : (data.used / data.quota) * 100}
              color={data.used > data.quota * 0.9 ? 'red' : 'ember'}
              mb={6}
              aria-label="In use"
            />
          )}
          <Text size="sm" c="dimmed">
            {formatBytes(data.used)} in use
            {data.pending === 0 ? '' : `, ${formatBytes(data.pending)} on the way`}
            {data.quota === null ? '; no limit' : ` of ${formatBytes(data.quota)}`}. What several artifacts
            have in common counts once.
          </Text>
        </>
      )}
      {workspace.role === 'owner' && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!change.isPending) change.mutate(limit);
          }}
        >
          <Group align="end" gap="xs" mt="sm">
            <NumberInput
              flex={1}
              label="Limit in GB"
              placeholder="Not set"
              min={0}
              decimalScale={3}
              value={limit}
              onChange={setLimit}
            />
            <Button
              type="submit"
              variant="default"
              loading={change.isPending}
              disabled={limit === '' && (data === undefined || data.quota === null)}
            >
              {limit === '' && data?.quota != null ? 'Leave it to the server' : 'Set it'}
            </Button>
          </Group>
        </form>
      )}
    </section>
  );
}
