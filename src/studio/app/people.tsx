import { Avatar, Group, Menu, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useNavigate } from 'react-router';
import { preferredColour } from '../../collab/colours.ts';
import { AccountHead, AccountItems } from './account.tsx';
import { useServices } from './services.ts';
import { type Person, usePeople, useProjectRoom } from './use-room.ts';
import { useSession } from './use-session.ts';

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}

function Face({ person }: { readonly person: Person }) {
  return (
    <Avatar size={28} radius="xl" className={`person person-${person.colour}`} alt={person.name} color="gray">
      {initials(person.name)}
    </Avatar>
  );
}

/** The people of a project, on every screen of it; outside of one oneself alone. */
export function HeaderPeople({ project }: { readonly project: string | null }) {
  return project === null ? <Alone /> : <ProjectPeople project={project} />;
}

function Alone() {
  const { profile } = useServices();
  useSession(); // the name changes with it
  const { id, name } = profile.current();
  const self = { id, name, colour: preferredColour(id), isSelf: true, file: null, tabs: 1 };
  return <People people={[self]} onGoTo={() => undefined} />;
}

function ProjectPeople({ project }: { readonly project: string }) {
  const navigate = useNavigate();
  const people = usePeople(useProjectRoom(project).room);
  const goTo = (person: Person): void => {
    const query = person.file === null ? '' : `?${new URLSearchParams({ file: person.file })}`;
    void navigate(`/p/${encodeURIComponent(project)}${query}`, { state: { person: person.id } });
  };
  return people.length === 0 ? <Alone /> : <People people={people} onGoTo={goTo} />;
}

/** Who is in the project: the others (click: go to their caret), and oneself (click: the account). */
function People(props: { readonly people: readonly Person[]; readonly onGoTo: (person: Person) => void }) {
  const others = props.people.filter(({ isSelf }) => !isSelf);
  const self = props.people.find(({ isSelf }) => isSelf);
  const shown = others.slice(0, 4);
  return (
    <Group gap={4} wrap="nowrap" role="group" aria-label="People in this project">
      <Group gap={4} wrap="nowrap" visibleFrom="xs">
        {shown.map((person) => (
          <Tooltip key={person.id} label={whereabouts(person)}>
            <UnstyledButton
              onClick={() => props.onGoTo(person)}
              aria-label={`Go to ${person.name}${person.file === null ? '' : `, in ${person.file}`}`}
              className="face-button"
            >
              <Face person={person} />
            </UnstyledButton>
          </Tooltip>
        ))}
      </Group>
      {self !== undefined && (
        <Menu
          position="bottom-end"
          width={260}
          withinPortal
          trapFocus
          styles={{ itemLabel: { minWidth: 0, overflowWrap: 'anywhere' } }}
        >
          <Menu.Target>
            <UnstyledButton
              className="face-button"
              aria-label={`You are ${self.name}. People and your account`}
            >
              <Face person={self} />
              {others.length > 0 && (
                <Text span size="xs" className="face-count" hiddenFrom="xs">
                  +{others.length}
                </Text>
              )}
            </UnstyledButton>
          </Menu.Target>
          <Menu.Dropdown>
            <AccountHead />
            {others.length > 0 && <Menu.Divider />}
            {others.length > 0 && <Menu.Label>Also here</Menu.Label>}
            {others.map((person) => (
              <Menu.Item
                key={person.id}
                leftSection={<Face person={person} />}
                onClick={() => props.onGoTo(person)}
              >
                <Text size="sm" truncate>
                  {person.name}
                </Text>
                {person.file !== null && (
                  <Text size="xs" c="dimmed" truncate>
                    {person.file}
                  </Text>
                )}
              </Menu.Item>
            ))}
            <AccountItems />
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  );
}

function whereabouts(person: Person): string {
  return person.file === null ? person.name : `${person.name}, in ${person.file}`;
}
