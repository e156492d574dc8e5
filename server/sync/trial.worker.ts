import { parentPort } from 'node:worker_threads';
import * as Y from 'yjs';
import type { TrialRequest, TrialResponse } from './trial.ts';

if (parentPort === null) throw new Error('trial.worker.ts is started by trial.ts');
const port = parentPort;

port.on('message', ({ state, update }: TrialRequest) => {
  const doc = new Y.Doc();
  let response: TrialResponse;
  try {
    Y.applyUpdate(doc, state);
    Y.applyUpdate(doc, update);
    response = { problem: null };
  } catch (error) {
    response = { problem: String(error) };
  }
  doc.destroy();
  port.postMessage(response);
});

port.postMessage({ problem: null } satisfies TrialResponse); // ready
