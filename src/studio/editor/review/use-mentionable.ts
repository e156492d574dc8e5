import { useQuery } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import type { MentionedPerson } from '../../../domain/review/mentions.ts';
import { useServices } from '../../app/services.ts';
import { type Room, usePeople } from '../../app/use-room.ts';
import type { ReviewState } from './use-review.ts';

/** Whom one may mention: members, those who are here, and those who have said or written something; not oneself. */
export function useMentionable(
  project: string,
  review: ReviewState,
  projectRoom: Room | null,
): readonly MentionedPerson[] {
  const { profile } = useServices();
  const here = usePeople(projectRoom);
  const members = useMembers(project);
  const self = profile.current().id;
  return useMemo(() => {
    const found = new Map<string, MentionedPerson>();
    const add = ({ id, name }: MentionedPerson): void => {
      if (id !== self) found.set(id, { id, name });
    };
    for (const turns of review.authors.values()) for (const { by } of turns) add(by);
    for (const { comments } of review.threads) for (const { by } of comments) add(by);
    for (const { by } of review.suggestions) add(by);
    for (const person of here) add(person); // as they are called now
    for (const member of members) add(member);
    return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
  }, [review, here, members, self]);
}

const NOBODY: readonly MentionedPerson[] = [];

/** Of the project's workspace; nobody where people do not sign in, or where one may not see who there is. */
function useMembers(project: string): readonly MentionedPerson[] {
  const { server, session } = useServices();
  const state = useSyncExternalStore(session.subscribe, session.state);
  const { data } = useQuery({
    queryKey: ['mentionable', project],
    enabled: state.session?.auth === 'on',
    staleTime: 60_000,
    queryFn: async () => {
      const { workspace } = await server.projects.get(project);
      const members = await server.access.members.list(workspace);
      return members.map(({ user, name }): MentionedPerson => ({ id: user, name }));
    },
  });
  return data ?? NOBODY;
}
