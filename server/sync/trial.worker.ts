import { parentPort } from 'node:worker_threads';
import * as Y from 'yjs';
import type { TrialMessage, TrialRequest } from './trial.ts';

if (parentPort === null) throw new Error('trial.worker.ts is started by trial.ts');
const port = parentPort;
const say = (message: TrialMessage): void => port.postMessage(message);

port.on('message', ({ state, update }: TrialRequest) => {
  const doc = new Y.Doc();
  let problem: string | null = null;
  try {
    Y.applyUpdate(doc, state);
    say({ kind: 'loaded' });
    Y.applyUpdate(doc, update);
  } catch (error) {
    problem = String(error);
  }
  doc.destroy();
  say({ kind: 'done', problem });
});

say({ kind: 'ready' });
