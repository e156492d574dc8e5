import type { Awareness } from 'y-protocols/awareness';
import { z } from 'zod';
import { awarenessUserSchema } from '../protocol/sync.ts';
import { assignColours, PERSON_COLOURS, preferredColour } from './colours.ts';

/** Who is here, as the others' programs say it: every state is checked, a wrong one is nobody. */
const presenceSchema = z.object({
  user: awarenessUserSchema,
  /** The same in all tabs of one person. */
  person: z.string().min(1).max(64),
  /** The file that this tab shows; in the project's document. */
  file: z.string().max(512).nullish(),
  selections: z
    .array(z.object({ anchor: z.unknown(), head: z.unknown() }))
    .max(100)
    .nullish(),
});

export interface Presence {
  readonly clientId: number;
  readonly person: string;
  readonly name: string;
  readonly file: string | null;
  readonly selections: readonly { readonly anchor: unknown; readonly head: unknown }[];
}

export interface Person {
  readonly id: string;
  readonly name: string;
  /** Index into PERSON_COLOURS. */
  readonly colour: number;
  readonly isSelf: boolean;
  /** The file of the tab that was seen first. */
  readonly file: string | null;
  readonly tabs: number;
}

export interface Profile {
  readonly id: string;
  readonly name: string;
}

/** Says who we are; called again when the name changes. */
export function introduce(awareness: Awareness, profile: Profile): void {
  const colour = PERSON_COLOURS[preferredColour(profile.id)];
  awareness.setLocalStateField('user', { name: profile.name, color: colour?.light ?? '#1864ab' });
  awareness.setLocalStateField('person', profile.id);
}

/** Everybody here, this tab included, by client id. */
export function presences(awareness: Awareness): Presence[] {
  const found: Presence[] = [];
  for (const [clientId, state] of awareness.getStates()) {
    const parsed = presenceSchema.safeParse(state);
    if (!parsed.success) continue;
    const { user, person, file, selections } = parsed.data;
    found.push({
      clientId,
      person,
      name: user.name,
      file: file ?? null,
      selections: (selections ?? []).map(({ anchor, head }) => ({ anchor, head })),
    });
  }
  return found.sort((a, b) => a.clientId - b.clientId);
}

/** People, however many tabs they have open: oneself first, then by name. */
export function people(awareness: Awareness, self: string): Person[] {
  const all = presences(awareness);
  const colours = assignColours(all.map((one) => one.person));
  const byId = new Map<string, Person>();
  for (const one of all) {
    const known = byId.get(one.person);
    byId.set(one.person, {
      id: one.person,
      name: one.name,
      colour: colours.get(one.person) ?? 0,
      isSelf: one.person === self,
      file: known?.file ?? one.file,
      tabs: (known?.tabs ?? 0) + 1,
    });
  }
  return [...byId.values()].sort(
    (a, b) => Number(b.isSelf) - Number(a.isSelf) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id),
  );
}
