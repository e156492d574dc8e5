import { Kbd } from '@mantine/core';
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useAllCommands } from './use-commands.ts';

/** Everything the program can do from here, found by typing. */
export function CommandPalette() {
  const commands = useAllCommands();
  const groups = useMemo(() => {
    const byGroup = new Map<string, SpotlightActionData[]>();
    for (const command of commands) {
      const actions = byGroup.get(command.group) ?? [];
      actions.push({
        id: command.id,
        label: command.label,
        // After the palette has given the focus back: a command may want it elsewhere.
        onClick: () => setTimeout(command.run),
        ...(command.description === undefined ? {} : { description: command.description }),
        ...(command.keywords === undefined ? {} : { keywords: [...command.keywords] }),
        ...(command.shortcut === undefined ? {} : { rightSection: <Kbd size="xs">{command.shortcut}</Kbd> }),
      });
      byGroup.set(command.group, actions);
    }
    return [...byGroup].map(([group, actions]): SpotlightActionGroupData => ({ group, actions }));
  }, [commands]);
  return (
    <Spotlight
      actions={groups}
      shortcut={['mod + K', 'mod + shift + P']}
      tagsToIgnore={[]}
      nothingFound="Nothing by that name"
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: 'Type what you want to do',
        'aria-label': 'Search commands',
      }}
    />
  );
}
