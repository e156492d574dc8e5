import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { serverErrors } from '../errors.ts';
import type { Files } from '../projects/files.ts';
import type { Store } from '../store/store.ts';
import { defaultSyncLimits } from '../sync/limits.ts';
import { Rooms } from '../sync/rooms.ts';
import { ReviewDocuments } from './review-documents.ts';
import { Suggestions } from './suggestions.ts';
import { Threads } from './threads.ts';

const file = { project: 'sample', path: 'anneal.yaml' };
const ada = { id: 'ada', name: 'Ada' };
const clock = { now: () => 1, elapsed: () => 1 };

function setUp() {
  const disk = {
    epoch: 1,
    lsn: 0,
    broken: false,
    written: 0,
    async write(): Promise<{ lsn: number }> {
      // Later than the mentions fail: both are under way at once.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      if (disk.broken) throw serverErrors.storeFailed();
      disk.written += 1;
      return { lsn: disk.written };
    },
    async call(name: string): Promise<unknown> {
      if (name !== 'addMentions') return { snapshot: null, updates: [], seq: 0 };
      throw serverErrors.storeFailed();
    },
  };
  const store = disk as unknown as Store;
  const rooms = new Rooms(store, { ...defaultSyncLimits, idleMs: 60_000 });
  const files = { checkText: async () => undefined } as unknown as Files;
  const documents = new ReviewDocuments(rooms, files);
  return {
    disk,
    documents,
    suggestions: new Suggestions(documents, store, clock),
    threads: new Threads(documents, store, clock),
  };
}

/** What would end the process. */
function unheard(): unknown[] {
  const found: unknown[] = [];
  const listener = (reason: unknown): void => void found.push(reason);
  process.on('unhandledRejection', listener);
  onTestFinished(() => void process.off('unhandledRejection', listener));
  return found;
}

/** Node tells of failures that nobody heard when a turn is over. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('a suggestion that cannot be written down when it is accepted is refused, and the process lives', async () => {
  const { disk, documents, suggestions } = setUp();
  const found = unheard();
  const made = await documents.both(file, async ({ text }) => {
    await text.edit((doc) => doc.getText('content').insert(0, 'max_steps: 20'));
    const place = (at: number, assoc: number) =>
      Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text.doc.getText('content'), at, assoc));
    return { start: place(11, 0), end: place(13, -1), oldText: '20', newText: '30' };
  });
  const { id } = await suggestions.suggest(file, ada, {
    title: 'More',
    note: '',
    edits: [made],
    evidence: null,
  });
  disk.broken = true;
  await expect(suggestions.decide(file, ada, id, 'accepted')).rejects.toMatchObject({
    code: serverErrors.storeFailed.code,
  });
  await turns();
  expect(found).toEqual([]);
});

test('mentions that cannot be written down fail the comment, and the process lives', async () => {
  for (const broken of [false, true]) {
    const { disk, threads } = setUp();
    const found = unheard();
    disk.broken = broken;
    const said = threads.start(file, ada, { anchor: null, text: 'Look, @[Bob](bob)' });
    await expect(said).rejects.toMatchObject({ code: serverErrors.storeFailed.code });
    await turns();
    expect(found).toEqual([]);
  }
});
