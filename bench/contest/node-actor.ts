import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Actor, Response } from './calls.ts';
import { actorOver } from './link.ts';

/** A process of Node's own for one engine, so that no engine disturbs another's heap, globals or threads. */
export function startNodeActor(): Actor {
  // In the bundle of bench/gpu the same file has another ending.
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'mjs';
  const child = fork(fileURLToPath(new URL(`./node-child.${ending}`, import.meta.url)), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  let errors = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    errors = (errors + bytes.toString()).slice(-2000);
  });
  const { actor, receive, ended } = actorOver({
    send: (request) => child.send(request),
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  });
  child.on('message', (message) => receive(message as Response));
  child.on('exit', (code, signal) => ended(`the process of Node ended (${signal ?? code}). ${errors}`));
  return actor;
}
