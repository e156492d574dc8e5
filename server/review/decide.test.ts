import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { deafServers } from '../testing/deaf-servers.ts';
import { textOf } from './review-documents.ts';
import { Suggestions } from './suggestions.ts';

const file = { project: 'p', path: 'anneal.yaml' };
const ada = { id: 'ada', name: 'Ada' };
const bob = { id: 'bob', name: 'Bob' };
let now = 1;
const clock = { now: () => now, elapsed: () => now };

/** Two servers that never hear of one another, and a suggestion that both know. */
async function servers() {
  const deaf = await deafServers();
  const { store } = deaf;
  const [first, second] = [deaf.first, deaf.second].map((server) => ({
    ...server,
    suggestions: new Suggestions(server.documents, store, clock),
  }));
  if (first === undefined || second === undefined) return expect.fail('two servers');
  const edit = await first.documents.both(file, async ({ text }) => {
    await text.edit((doc) => textOf(doc).insert(0, 'max_steps: 20'));
    const place = (at: number, assoc: number) =>
      Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(textOf(text.doc), at, assoc));
    return { start: place(11, 0), end: place(13, -1), oldText: '20', newText: '30' };
  });
  const wish = { title: 'More', note: '', edits: [edit], evidence: null };
  const { id } = await first.suggestions.suggest(file, ada, wish);
  await second.documents.both(file, () => second.rooms.look());
  const texts = () =>
    Promise.all([first, second].map(({ rooms }) => rooms.read(file, (doc) => textOf(doc).toString())));
  const look = () => Promise.all([first, second].map(({ rooms }) => rooms.look()));
  return { store, first, second, id, texts, look };
}

test('of two servers that accept one suggestion at once one does, and the text is changed once', async () => {
  for (let round = 0; round < 5; round++) {
    const { first, second, id, texts, look } = await servers();
    const decided = await Promise.allSettled([
      first.suggestions.decide(file, ada, id, 'accepted'),
      second.suggestions.decide(file, bob, id, round % 2 === 0 ? 'accepted' : 'rejected'),
    ]);
    expect(decided.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = decided.find((one) => one.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: protocolErrors.suggestionDecided.code });
    await look();
    const accepted = round % 2 === 0 || decided[0].status === 'fulfilled';
    const text = `max_steps: ${accepted ? 30 : 20}`;
    expect(await texts()).toEqual([text, text]);
  }
});

test('what another server decided long ago is known to who decides now, whatever he was told', async () => {
  const { first, second, id, texts, look } = await servers();
  await first.suggestions.decide(file, ada, id, 'accepted');
  const late = second.suggestions.decide(file, bob, id, 'accepted');
  await expect(late).rejects.toMatchObject({ message: 'Ada has accepted the suggestion already' });
  await expect(second.suggestions.withdraw(file, ada, id)).rejects.toThrow('already');
  await look();
  expect(await texts()).toEqual(['max_steps: 30', 'max_steps: 30']);
});

test('a server that died over a decision does not leave it open for ever, and its late commit is refused', async () => {
  const { store, first, second, id } = await servers();
  const dead = { ...file, path: '.project/review/anneal.yaml', suggestion: id, token: 'of the dead' };
  expect(await store.call('claimDecision', { ...dead, at: now, before: 0 })).toBe(true);
  await expect(first.suggestions.decide(file, ada, id, 'rejected')).rejects.toThrow('just now');
  now += 300_001;
  const decided = await second.suggestions.decide(file, bob, id, 'rejected');
  expect(decided.decision).toMatchObject({ kind: 'rejected', by: bob });
  await expect(store.write({ kind: 'decide', ...dead })).rejects.toThrow();
});
