import type { Actor, Request, Response } from './calls.ts';

/** An actor at the other end of a line that carries plain messages. `ended` rejects what is still awaited. */
export function actorOver(line: {
  readonly send: (request: Request) => void;
  readonly close: () => Promise<void>;
}): {
  readonly actor: Actor;
  readonly receive: (response: Response) => void;
  readonly ended: (why: string) => void;
} {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  let over: string | null = null;
  return {
    actor: {
      call: (method, params) =>
        new Promise((resolve, reject) => {
          if (over !== null) return reject(new Error(over));
          const id = ++last;
          waiting.set(id, { resolve, reject });
          line.send({ id, method, params });
        }),
      close: line.close,
    },
    receive(response) {
      const call = waiting.get(response.id);
      waiting.delete(response.id);
      if ('error' in response) call?.reject(new Error(response.error));
      else call?.resolve(response.result as never);
    },
    ended(why) {
      over = why;
      for (const { reject } of waiting.values()) reject(new Error(why));
      waiting.clear();
    },
  };
}
