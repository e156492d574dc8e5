import { Badge, Button, Group, Stack, Text, Title } from '@mantine/core';
import type { OwnSession } from '../../protocol/http/sessions.ts';
import { useServices } from '../app/services.ts';
import { notifyError } from '../shared/notify.tsx';
import { AccessList, AccessRow } from './access-list.tsx';
import { agentWords } from './agent-words.ts';
import { useOwnSessions } from './use-access.ts';

/** Where one is signed in, and the way to be signed out there. */
export function Sessions() {
  const { session: monitor } = useServices();
  const { list, end, endOthers } = useOwnSessions();
  const others = list.data?.some(({ current }) => !current) === true;
  return (
    <Stack gap="sm">
      <div className="access-intro">
        <div>
          <Title order={3} fz="sm">
            Where you are signed in
          </Title>
          <Text size="sm" c="dimmed" mt={4}>
            A browser that you sign out is cut off at once; what it has not sent stays on its device.
          </Text>
        </div>
        {others && (
          <Button
            size="xs"
            variant="default"
            loading={endOthers.isPending}
            onClick={() => endOthers.mutate(undefined)}
          >
            Sign out everywhere else
          </Button>
        )}
      </div>
      <AccessList label="Where you are signed in" list={list} empty="Nowhere.">
        {(one) => (
          <AccessRow
            key={one.id}
            name={
              <Group gap={8}>
                <span title={one.agent ?? undefined}>{agentWords(one.agent)}</span>
                {one.current && (
                  <Badge size="sm" variant="light" tt="none">
                    This one
                  </Badge>
                )}
              </Group>
            }
            about={timesOf(one)}
          >
            <Button
              size="xs"
              variant="default"
              aria-label={one.current ? 'Sign out here' : `Sign out ${agentWords(one.agent)}`}
              loading={end.isPending && end.variables === one.id}
              onClick={() => (one.current ? void monitor.signOut().catch(notifyError) : end.mutate(one.id))}
            >
              Sign out
            </Button>
          </AccessRow>
        )}
      </AccessList>
    </Stack>
  );
}

function timesOf({ created, used, current }: OwnSession): string {
  const since = `Signed in ${timeWords(created)}`;
  if (current) return `${since}, in use now`;
  return used === null ? since : `${since}, last used ${timeWords(used)}`;
}

function timeWords(time: number): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
