import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Role } from '../../domain/access/roles.ts';
import type { BodyInputOf } from '../../protocol/http/operation.ts';
import type { Operations } from '../../protocol/http/operations.ts';
import { useServices } from '../app/services.ts';
import { notifyError } from '../shared/notify.tsx';

type Body<Id extends keyof Operations> = BodyInputOf<Operations[Id]>;

/** Whoever was invited comes when he likes: he is seen here soon after. */
const LOOK_MS = 8_000;

/** Something done to a list on the server; the list is read anew whatever became of it. */
function useChange<In, Out>(key: readonly unknown[], work: (input: In) => Promise<Out>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: work,
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
    onError: notifyError,
  });
}

export function useMembers(workspace: string) {
  const { server, session } = useServices();
  const { members } = server.access;
  const key = ['members', workspace];
  const list = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => members.list(workspace, { signal }),
    refetchInterval: LOOK_MS,
  });
  const change = useChange(key, async ({ user, role }: { readonly user: string; readonly role: Role }) => {
    await members.change(workspace, user, role);
    await session.refresh(); // it may have been oneself
  });
  const remove = useChange(key, async (user: string) => {
    await members.remove(workspace, user);
    await session.refresh();
  });
  return { list, change, remove };
}

export function useInvitations(workspace: string, enabled: boolean) {
  const { invitations } = useServices().server.access;
  const key = ['invitations', workspace];
  const list = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => invitations.list(workspace, { signal }),
    refetchInterval: LOOK_MS,
    enabled,
  });
  const create = useChange(key, (body: Body<'createInvitation'>) => invitations.create(workspace, body));
  const revoke = useChange(key, (id: string) => invitations.revoke(workspace, id));
  return { list, create, revoke };
}

export function useShares(workspace: string) {
  const { shares } = useServices().server.access;
  const key = ['shares', workspace];
  const list = useQuery({ queryKey: key, queryFn: ({ signal }) => shares.list(workspace, { signal }) });
  const create = useChange(key, (body: Body<'createShare'>) => shares.create(workspace, body));
  const revoke = useChange(key, (id: string) => shares.revoke(workspace, id));
  return { list, create, revoke };
}

const OWN_SESSIONS = ['sessions'];

/** Ends all other sessions with the old password. */
export function usePassword() {
  const { server, session } = useServices();
  const queries = useQueryClient();
  return async (current: string, next: string): Promise<void> => {
    session.take(await server.access.changePassword(current, next));
    void queries.invalidateQueries({ queryKey: OWN_SESSIONS });
  };
}

export function useOwnSessions() {
  const { sessions } = useServices().server.access;
  const key = OWN_SESSIONS;
  const list = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => sessions.list({ signal }),
    refetchInterval: LOOK_MS,
  });
  const end = useChange(key, (id: string) => sessions.end(id));
  const endOthers = useChange(key, () => sessions.endOthers());
  return { list, end, endOthers };
}

export function useKeys(workspace: string) {
  const { keys } = useServices().server.access;
  const key = ['keys', workspace];
  const list = useQuery({ queryKey: key, queryFn: ({ signal }) => keys.list(workspace, { signal }) });
  const create = useChange(key, (body: Body<'createKey'>) => keys.create(workspace, body));
  const revoke = useChange(key, (id: string) => keys.revoke(workspace, id));
  return { list, create, revoke };
}
