import type { Fanout } from '../sync/fanout.ts';
import type { Access, RoleChange } from './access.ts';
import type { Allowance, Throttle } from './throttle.ts';

const CHANNEL = 'roles';
const ATTEMPTS = 'attempts';
const RETRY_MS = 2_000;

/**
 * Role changes reach the sockets of all servers of a database. What is lost on the way costs nothing but time:
 * who spoke says it again until it was heard, who may have missed something asks for everybody's role.
 */
export async function spreadRoleChanges(access: Access, fanout: Fanout): Promise<{ stop(): void }> {
  let hearing = false;
  let stopped = false;
  const timers = new Set<NodeJS.Timeout>();
  const changed = (change: RoleChange): void => {
    hearing = true;
    try {
      access.changed(change);
    } finally {
      hearing = false;
    }
  };
  const say = (change: RoleChange): void => {
    fanout.announce(CHANNEL, Buffer.from(JSON.stringify(change))).catch(() => {
      if (stopped) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        say(change);
      }, RETRY_MS);
      timer.unref();
      timers.add(timer);
    });
  };
  const listening = access.onChange((change) => {
    if (!hearing) say(change);
  });
  fanout.onDoubt(() => changed('anything'));
  const subscription = await fanout.subscribe(CHANNEL, (bytes) => {
    changed(JSON.parse(Buffer.from(bytes).toString('utf8')) as RoleChange);
  });
  return {
    stop() {
      stopped = true;
      listening.dispose();
      subscription.end();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** Who guesses passwords gains nothing by guessing at several servers. What is lost on the way is one attempt. */
export async function spreadAttempts(throttle: Throttle, fanout: Fanout): Promise<{ stop(): void }> {
  throttle.onChange = (keys, change) =>
    fanout.publish(ATTEMPTS, Buffer.from(JSON.stringify({ keys: [...keys], change })));
  const subscription = await fanout.subscribe(ATTEMPTS, (bytes) => {
    const { keys, change } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
      readonly keys: [string, Allowance][];
      readonly change: 'taken' | 'given back';
    };
    throttle.hear(new Map(keys), change);
  });
  return {
    stop() {
      throttle.onChange = () => undefined;
      subscription.end();
    },
  };
}
