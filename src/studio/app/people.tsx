import { Avatar, Group, Menu, Text, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useServices } from './services.ts';
import { type Person, usePeople, useProjectRoom } from './use-room.ts';

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

/** The people of a project, on every screen of it. */
export function ProjectPeople({ project }: { readonly project: string }) {
  const { profile } = useServices();
  const navigate = useNavigate();
  const people = usePeople(useProjectRoom(project).room);
  const goTo = (person: Person): void => {
    const query = person.file === null ? '' : `?${new URLSearchParams({ file: person.file })}`;
    void navigate(`/p/${encodeURIComponent(project)}${query}`, { state: { person: person.id } });
  };
  return <People people={people} onRename={(name) => profile.rename(name)} onGoTo={goTo} />;
}

/** Who is in the project: oneself (click: change the name), then the others (click: go to their caret). */
function People(props: {
  readonly people: readonly Person[];
  readonly onRename: (name: string) => void;
  readonly onGoTo: (person: Person) => void;
}) {
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
        <Menu position="bottom-end" width={260} withinPortal trapFocus>
          <Menu.Target>
            <UnstyledButton className="face-button" aria-label={`You are ${self.name}. People and your name`}>
              <Face person={self} />
              {others.length > 0 && (
                <Text span size="xs" className="face-count" hiddenFrom="xs">
                  +{others.length}
                </Text>
              )}
            </UnstyledButton>
          </Menu.Target>
          <Menu.Dropdown>
            <NameField name={self.name} onRename={props.onRename} />
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
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  );
}

function whereabouts(person: Person): string {
  return person.file === null ? person.name : `${person.name}, in ${person.file}`;
}

function NameField({ name, onRename }: { readonly name: string; readonly onRename: (name: string) => void }) {
  const [value, setValue] = useState(name);
  const commit = (): void => {
    if (value.trim() === '') setValue(name);
    else onRename(value);
  };
  return (
    <TextInput
      m="xs"
      size="xs"
      label="Your name, as others see it"
      value={value}
      maxLength={64}
      rightSection={<IconPencil size={14} aria-hidden />}
      onChange={(event) => setValue(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        event.stopPropagation(); // the menu would take letters for its items
        if (event.key === 'Enter') commit();
      }}
    />
  );
}
