import { randomInt } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { syncPath } from '../src/protocol/sync.ts';
import { clusterParts } from './testing/cluster.ts';
import { Editor } from './testing/editor.ts';
import { join } from './testing/join.ts';
import { serverProcess } from './testing/server-process.ts';

const parts = clusterParts();
const PATH = 'notes.md';

/** Somebody who writes numbered words without a pause, and knows which of them were acknowledged. */
class Writer {
  readonly editor: Editor;
  readonly #name: string;
  /** How many messages had been sent when a word had been: it is acknowledged with the last of them. */
  readonly #sentWith: number[] = [];
  #writing = true;

  constructor(name: string, editor: Editor) {
    this.#name = name;
    this.editor = editor;
  }

  async write(): Promise<void> {
    while (this.#writing) {
      const { sent, stored } = this.editor;
      if (sent - stored > 60) {
        await new Promise((resolve) => setImmediate(resolve)); // nobody types so far ahead
        continue;
      }
      this.editor.text.insert(this.editor.text.length, `${this.#name}${this.#sentWith.length};`);
      this.#sentWith.push(this.editor.sent);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  stop(): void {
    this.#writing = false;
  }

  get acknowledged(): string[] {
    const { stored } = this.editor;
    return this.#sentWith.flatMap((sent, n) => (sent <= stored ? [`${this.#name}${n}`] : []));
  }
}

const wordsOf = (editor: Editor): Set<string> => new Set(editor.text.toString().split(';'));

test('of two servers one is killed: nothing that either acknowledged is lost, and all have the same in the end', async (context) => {
  const { databaseUrl, redisUrl } = await parts(context);
  const options = { databaseUrl, redisUrl, limits: { logUpdates: 100, catchUpMs: 500 } };
  const [doomed, other] = await Promise.all([serverProcess(options), serverProcess(options)]);
  const editors = await Promise.all(
    [doomed, other, doomed, other].map(({ url }) => join(url, PATH, { project: 'sample' })),
  );
  // Of two servers that make a document in the same moment one sends its editors back: these know no such thing.
  editors[0]?.text.insert(0, 'begin;');
  await Promise.all(editors.map((editor) => editor.untilText('begin;')));
  await editors[0]?.untilStored();
  const writers = editors.map((editor, i) => new Writer('abcd'.charAt(i), editor));
  const seed = randomInt(2 ** 31);
  console.log(`cluster kill: seed ${seed}`);
  const enough = 150 + (seed % 200);
  const writing = writers.map((writer) => writer.write());
  // What is written at one server is read at the other, and both acknowledge.
  await Promise.all(writers.map(({ editor }) => editor.until(() => editor.stored > enough)));
  await editors[1]?.until(() => wordsOf(editors[1] as Editor).has('a20'));
  await editors[0]?.until(() => wordsOf(editors[0] as Editor).has('b20'));

  await doomed.kill();
  for (const writer of writers) writer.stop();
  await Promise.all(writing);
  await Promise.all([editors[0]?.closed, editors[2]?.closed]);
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  expect(acknowledged.length).toBeGreaterThan(4 * enough - 10);

  // Somebody who comes anew, to the other server and to one that starts now, finds all of it.
  const restarted = await serverProcess(options);
  for (const { url } of [other, restarted]) {
    const reader = await join(url, PATH);
    await reader.until(() => acknowledged.every((word) => wordsOf(reader).has(word)));
  }

  // Those of the dead server come back to the two that live, with what was never acknowledged, too.
  const back = await Promise.all(
    [0, 2].map(async (i, n) => {
      const { url } = n === 0 ? other : restarted;
      const editor = new Editor(url, syncPath('sample', PATH), { doc: editors[i]?.doc ?? expect.fail() });
      onTestFinished(() => editor.leave());
      await editor.untilStored();
      return editor;
    }),
  );
  const all = [...back, editors[1] as Editor, editors[3] as Editor, await join(restarted.url, PATH)];
  const longest = (): string =>
    all.map(({ text }) => text.toString()).sort((a, b) => b.length - a.length)[0] ?? '';
  await Promise.all(all.map((editor) => editor.until(() => editor.text.length >= longest().length)));
  await Promise.all(all.map((editor) => editor.untilText(longest())));
  expect(acknowledged.filter((word) => !wordsOf(all[0] as Editor).has(word))).toEqual([]);
}, 120_000);
