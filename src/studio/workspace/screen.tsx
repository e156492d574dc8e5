import { Badge, Container, Group, Stack, Tabs, Text, Title } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { Navigate, useParams, useSearchParams } from 'react-router';
import { useSession } from '../app/use-session.ts';
import { useWorkspaces } from '../app/use-workspace.ts';
import { roleWords } from '../shared/role-words.ts';
import { Audit } from './audit.tsx';
import { General } from './general.tsx';
import { Keys } from './keys.tsx';
import { Members } from './members.tsx';
import { Password } from './password.tsx';
import { Sessions } from './sessions.tsx';
import { Shares } from './shares.tsx';
import { SignInOff } from './sign-in-off.tsx';
import './workspace.css';

const TABS = ['members', 'links', 'keys', 'general', 'audit', 'you'] as const;
type Tab = (typeof TABS)[number];

/** Where nobody signs in there is nobody to keep out. */
const WITHOUT_SIGN_IN: readonly Tab[] = ['general', 'audit'];
const FOR_OWNERS: readonly Tab[] = ['links', 'audit'];

/** Who may come into a workspace, and by what; what may be changed depends on one's role in it. */
export function WorkspaceScreen() {
  const { workspace: id } = useParams();
  const session = useSession();
  const { all, current } = useWorkspaces();
  const [search, setSearch] = useSearchParams();
  const isOff = session?.auth === 'off';
  const isOwner = current?.role === 'owner';
  const tabs = isOff ? WITHOUT_SIGN_IN : TABS.filter((tab) => isOwner || !FOR_OWNERS.includes(tab));
  const wanted = search.get('tab');
  const tab: Tab = tabs.find((one) => one === wanted) ?? tabs[0] ?? 'general';
  const row = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is another place in the row
  useEffect(() => {
    row.current?.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [tab, id]);

  if (current === null) {
    return (
      <Container size="md" py="lg">
        <Title order={2} mb="xs">
          No workspace
        </Title>
        <Text c="dimmed">
          {session === null
            ? 'The server cannot be reached, and this is its to say.'
            : 'You are a guest here: whoever sent you the link looks after its workspace.'}
        </Text>
      </Container>
    );
  }
  if (id !== current.id) return <Navigate to={`/settings/${current.id}?${search}`} replace />;
  return (
    <Container size="md" py="lg">
      <Group justify="space-between" mb="md" gap="xs">
        <Title order={2} style={{ overflowWrap: 'anywhere' }}>
          {all.length > 1 ? current.name : 'Workspace settings'}
        </Title>
        {!isOff && (
          <Badge variant="light" color="gray" tt="none" size="lg">
            You are {roleWords[current.role].one}
          </Badge>
        )}
      </Group>
      {isOff && <SignInOff />}
      <Tabs
        value={tab}
        mt={isOff ? 'lg' : 0}
        onChange={(next) => next !== null && setSearch({ tab: next }, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List ref={row} mb="lg" className="settings-tabs">
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {TITLES[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="members">
          <Members workspace={current} />
        </Tabs.Panel>
        <Tabs.Panel value="links">
          <Shares workspace={current} />
        </Tabs.Panel>
        <Tabs.Panel value="keys">
          <Keys workspace={current} />
        </Tabs.Panel>
        <Tabs.Panel value="general">
          <General key={current.id} workspace={current} mayCreate={session?.principal?.kind === 'user'} />
        </Tabs.Panel>
        <Tabs.Panel value="audit">
          <Audit workspace={current} />
        </Tabs.Panel>
        <Tabs.Panel value="you">
          <Stack gap="xl">
            <Password />
            {session?.principal?.kind === 'user' && <Sessions />}
          </Stack>
        </Tabs.Panel>
      </Tabs>
    </Container>
  );
}

const TITLES: Readonly<Record<Tab, string>> = {
  members: 'Members',
  links: 'Share links',
  keys: 'API keys',
  general: 'Workspace',
  audit: 'Audit log',
  you: 'Your sign-in',
};
