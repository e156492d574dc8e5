import { useEffect, useRef, useSyncExternalStore } from 'react';
import { type Command, currentCommands, registerCommands, subscribeCommands } from './commands.ts';

export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore(subscribeCommands, currentCommands);
}

/** Offers commands while the component is mounted. They run with the latest closures; labels may change. */
export function useCommands(commands: readonly Command[]): void {
  const latest = useRef(commands);
  latest.current = commands;
  const key = JSON.stringify(commands.map((c) => [c.id, c.label, c.description, c.group, c.shortcut]));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what the palette shows
  useEffect(() => {
    const stable = latest.current.map((command, index) => ({
      ...command,
      run: () => latest.current[index]?.run(),
    }));
    const registration = registerCommands(stable);
    return () => registration.dispose();
  }, [key]);
}
