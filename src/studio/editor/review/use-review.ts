import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { type Action, can, type Role } from '../../../domain/access/roles.ts';
import type { Mention } from '../../../protocol/http/review.ts';
import { reviewDocument } from '../../../protocol/review.ts';
import { type Services, useServices } from '../../app/services.ts';
import { type Room, useFileRoom, useRoomState } from '../../app/use-room.ts';

type Reader = Services['documents']['review'];
export type ReviewState = ReturnType<Reader['read']>;
/** What has a place in the text. */
export type Anchored = Parameters<Reader['placeOf']>[1];

export type RoomState = Room['state'];

const NOTHING: ReviewState = { threads: [], suggestions: [], versions: [], authors: new Map() };

/** What is said about a text, live. */
export function useReview(project: string, path: string, text: RoomState | null): ReviewState {
  const { documents } = useServices();
  const { room } = useFileRoom(project, reviewDocument(path));
  const [state, setState] = useState(NOTHING);
  useEffect(() => {
    setState(NOTHING);
    if (room === null) return;
    const read = (): void => setState(documents.review.read(room));
    read();
    return documents.review.observe(room, read);
  }, [documents, room]);

  // The file was deleted and is there again: what is said about it is too.
  const connection = useRoomState(room)?.connection.kind;
  const isTextThere = text?.connection.kind === 'synced';
  useEffect(() => {
    if (isTextThere && connection === 'refused') room?.retry();
  }, [isTextThere, connection, room]);
  return state;
}

/** While the server has not said what we may do, nothing is forbidden: it is the server that decides. */
export function allows(role: Role | null, action: Action): boolean {
  return role === null || can(role, action);
}

/** Elsewhere in the project somebody may mention us, of which this page hears nothing. */
const LOOK_MS = 30_000;

export interface Mentions {
  readonly unread: readonly Mention[];
  readonly markRead: (thread: string) => void;
}

/**
 * Where we have been mentioned and have not read it. `review` says when it may have changed. In a deleted project the
 * server tells of none, and takes down nothing as read.
 */
export function useMentions(project: string, review: ReviewState, projectDeleted: boolean): Mentions {
  const { review: service, profile } = useServices();
  const queries = useQueryClient();
  const self = profile.current().id;
  const key = useMemo(() => ['mentions', project, self], [project, self]);
  const { data } = useQuery({
    queryKey: key,
    queryFn: () => service.mentions(project),
    refetchInterval: LOOK_MS,
    enabled: !projectDeleted,
  });
  const count = review.threads.reduce((sum, { comments }) => sum + comments.length, 0);
  // A new comment may be a new mention.
  useEffect(() => {
    if (count > 0) void queries.invalidateQueries({ queryKey: ['mentions', project] });
  }, [queries, project, count]);
  const markRead = useCallback(
    (thread: string): void => {
      const before = queries.getQueryData<readonly Mention[]>(key) ?? [];
      if (!before.some((one) => one.thread === thread)) return;
      queries.setQueryData(
        key,
        before.filter((one) => one.thread !== thread),
      );
      // Whoever asked while it was on its way was told the old; where the server cannot be reached it stays unread.
      const ask = () => queries.invalidateQueries({ queryKey: key });
      service.markRead(project, thread).then(ask, ask);
    },
    [queries, service, project, key],
  );
  const unread = (projectDeleted ? null : data) ?? NO_MENTIONS;
  return useMemo(() => ({ unread, markRead }), [unread, markRead]);
}

const NO_MENTIONS: readonly Mention[] = [];
