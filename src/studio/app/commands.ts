import type { Disposable } from '../../base/disposable.ts';

/** What the palette offers. Screens register theirs while they are shown. */
export interface Command {
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  /** Groups in the palette: "Go to", "Editor", ... */
  readonly group: string;
  /** Shown at the right, such as "Ctrl+Enter". */
  readonly shortcut?: string;
  readonly keywords?: readonly string[];
  run(): void;
}

const registered = new Set<readonly Command[]>();
const listeners = new Set<() => void>();
let snapshot: readonly Command[] = [];

function publish(): void {
  const byId = new Map<string, Command>();
  for (const commands of registered) for (const command of commands) byId.set(command.id, command);
  snapshot = [...byId.values()];
  for (const listener of listeners) listener();
}

/** The last one registered under an id wins; disposing brings the earlier one back. */
export function registerCommands(commands: readonly Command[]): Disposable {
  registered.add(commands);
  publish();
  return {
    dispose() {
      registered.delete(commands);
      publish();
    },
  };
}

export function currentCommands(): readonly Command[] {
  return snapshot;
}

export function subscribeCommands(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
