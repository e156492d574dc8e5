import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { serverErrors } from '../errors.ts';
import type { Payer } from './share.ts';
import { Trial, type TrialLimits } from './trial.ts';

const nothing = Uint8Array.of(0, 0);

function trialWith(limits: TrialLimits = { trialMs: 10_000, trialMsPerPart: 0 }): Trial {
  const trial = new Trial(limits);
  onTestFinished(() => trial.close());
  return trial;
}

class Sender implements Payer {
  readonly address: object;
  spent = 0;
  constructor(address: object = {}) {
    this.address = address;
  }
  spend({ ms = 0 }: { readonly ms?: number }): void {
    this.spent += ms;
  }
}

test('however many updates of one address wait, the next of another is tried in its turn', async () => {
  const trial = trialWith();
  const order: string[] = [];
  const run = (name: string, sender: Sender): Promise<void> =>
    trial.run(sender, 1, () => {
      order.push(name);
      return { state: nothing, update: nothing };
    });
  const crowd = {};
  const all = Array.from({ length: 6 }, (_, i) => run(`crowd ${i}`, new Sender(crowd)));
  all.push(run('ada', new Sender()), run('bob', new Sender()));
  await Promise.all(all);
  const place = (name: string): number => order.indexOf(name);
  expect(order).toHaveLength(8);
  // One of the crowd is on its way when the others come, and one has its turn before each of them at most.
  expect(Math.max(place('ada'), place('bob'))).toBeLessThanOrEqual(3);
  expect(order.filter((name) => name.startsWith('crowd'))).toEqual(
    [0, 1, 2, 3, 4, 5].map((i) => `crowd ${i}`),
  );
});

test('who sent an update pays for the time that its trial took, whatever came of it', async () => {
  const trial = trialWith();
  const hasty = trialWith({ trialMs: 1, trialMsPerPart: 0 });
  const doc = new Y.Doc();
  for (let i = 0; i < 30_000; i++) doc.getText('content').insert(0, 'x');
  const update = Y.encodeStateAsUpdate(doc);
  const [good, hostile, broken] = [new Sender(), new Sender(), new Sender()];
  await trial.run(good, 1, () => ({ state: update, update: nothing }));
  const slow = hasty.run(hostile, 1, () => ({ state: nothing, update }));
  await expect(slow).rejects.toMatchObject({ code: serverErrors.hostileUpdate.code });
  const unread = trial.run(broken, 1, () => ({ state: nothing, update: Uint8Array.of(1, 1) }));
  await expect(unread).rejects.toMatchObject({ code: serverErrors.malformedUpdate.code });
  expect(good.spent).toBeGreaterThan(1); // the document is long to read
  expect(hostile.spent).toBeGreaterThanOrEqual(1);
  expect(broken.spent).toBeGreaterThan(0);
});

test('who has gone while he waited costs the thread nothing, and holds nobody up', async () => {
  const trial = trialWith();
  const gone = trial.run(new Sender(), 1, () => {
    throw new Error('gone');
  });
  const next = trial.run(new Sender(), 1, () => ({ state: nothing, update: nothing }));
  await expect(gone).rejects.toThrow('gone');
  await next;
});
