import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { CloseCode, PROJECT_DOCUMENT, syncPath } from '../../src/protocol/sync.ts';
import type { Editor } from '../testing/editor.ts';
import * as hostile from '../testing/hostile.ts';
import { join } from '../testing/join.ts';
import { serverProcess } from '../testing/server-process.ts';
import { flood } from '../testing/villain.ts';

const ATTACK_MS = 1_500;
const SOCKETS = 8;
const P99_MS = 50;
/** A server that is this late with nothing to do shares its core with something else: its delay is not held then. */
const QUIET_P99_MS = 15;
const QUIET_MS = 600;
const TYPING_MS = 40;

interface Attack {
  readonly make: hostile.Hostile;
  /** What the server may close the attacker's sockets with; it may also read them slowly, where this says so. */
  readonly codes: readonly number[];
  readonly isOnlySlowed?: boolean;
  /** It is text that an editor may write, if one looks away. */
  readonly isContent?: boolean;
  readonly path?: string;
  readonly ping?: boolean;
}

const { badRequest, refusedUpdate, messageTooLong, tooLarge, resync, flood: flooded } = CloseCode;
const refused = [badRequest, refusedUpdate];

const attacks: Readonly<Record<string, Attack>> = {
  'seven bytes that ask for 240 MB': { make: hostile.hugeCount, codes: refused },
  'structs for tens of thousands of clients': { make: hostile.manyClients, codes: refused },
  'the second format': { make: hostile.secondFormat, codes: refused },
  'thousands who claim one place': {
    make: hostile.rivals,
    codes: [refusedUpdate, tooLarge, resync],
    isOnlySlowed: true,
    isContent: true,
  },
  'deletions of what nobody has': {
    make: hostile.manyDeletions,
    codes: [...refused, resync],
    isOnlySlowed: true,
  },
  'an entry with a million values': { make: hostile.manyValues, codes: refused, path: PROJECT_DOCUMENT },
  'state vectors without end': { make: hostile.hugeVector, codes: refused },
  'states for everybody': { make: hostile.manyStates, codes: [], isOnlySlowed: true },
  'states that are nested or long': { make: hostile.longState, codes: [], isOnlySlowed: true },
  'questions about who is there': { make: hostile.questions, codes: [], isOnlySlowed: true },
  'asking for everything again and again': { make: hostile.firstSteps, codes: [], isOnlySlowed: true },
  'frames that are too long': { make: hostile.tooLong, codes: [messageTooLong] },
  'random bytes': { make: hostile.noise, codes: refused, isOnlySlowed: true },
  'words instead of bytes': { make: hostile.words, codes: [badRequest] },
  'texts that are none': { make: hostile.brokenText, codes: refused },
  'pings without end': { make: hostile.questions, codes: [], isOnlySlowed: true, ping: true },
};
const mutations = Object.entries(attacks)
  .filter(([, { ping, isContent }]) => ping !== true && isContent !== true)
  .map(([name, attack]): [string, Attack] => [
    `${name}, mutated`,
    { ...attack, make: hostile.mutated(attack.make), codes: Object.values(CloseCode), isOnlySlowed: true },
  ]);

/** The delay of the server's event loop since it was asked last, at the 99th percentile. */
async function loopP99(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = /^anneal_event_loop_delay_p99_seconds (\S+)$/m.exec(text)?.[1];
  return Number(value) * 1000;
}

/** Types on while it may; answers with what it wrote. */
async function typeOn(editor: Editor, until: Promise<unknown>): Promise<string> {
  let written = '';
  let over = false;
  void until.then(() => {
    over = true;
  });
  for (let i = 0; !over; i++) {
    editor.text.insert(editor.text.length, `${i};`);
    written += `${i};`;
    await delay(TYPING_MS);
  }
  return written;
}

test.each([...Object.entries(attacks), ...mutations])(
  '%s: nobody is held up, and the document stays as it was written',
  { retry: 3, timeout: 60_000 },
  async (name, { make, codes, isOnlySlowed = false, isContent = false, path = 'notes.md', ping = false }) => {
    const seed = Date.now() % 2 ** 31;
    const server = await serverProcess();
    const { url } = server;
    const [ada, bob] = await Promise.all([join(url, 'notes.md'), join(url, 'notes.md')]);
    await loopP99(url);
    const before = await typeOn(ada, delay(QUIET_MS));
    const quiet = await loopP99(url);
    const address = syncPath('sample', path);
    const attack = flood({
      url,
      address,
      make,
      random: new Random(seed),
      sockets: SOCKETS,
      ms: ATTACK_MS,
      ping,
    });
    const written = before + (await typeOn(ada, attack));
    const seen = await attack;
    const p99 = await loopP99(url);
    console.info(
      `${name}: seed ${seed}, p99 ${p99.toFixed(1)} ms (${quiet.toFixed(1)} before), closed ${JSON.stringify([...seen])}`,
    );
    for (const code of seen.keys()) expect([...codes, flooded]).toContain(code);
    if (!isOnlySlowed) expect(seen.size).toBeGreaterThan(0);
    if (isContent) {
      // It may have begun anew, or be full: that is for those to see who let the attacker write.
      expect((await fetch(`${url}/ready`)).status).toBe(200);
    } else {
      await ada.untilStored();
      await bob.untilText(written);
      const late = await join(url, 'notes.md');
      expect(late.text.toString()).toBe(written);
      expect(late.doc.share.size).toBe(1);
      const list = await (await fetch(`${url}/api/v1/projects/sample/files`)).json();
      expect(list).toMatchObject({ files: [{ path: 'anneal.yaml' }, { path: 'notes.md' }] });
    }
    expect(server.process.exitCode).toBeNull();
    if (quiet <= QUIET_P99_MS) expect(p99).toBeLessThanOrEqual(P99_MS);
  },
);

test('who does not read is dropped, and the others go on', { retry: 3 }, async () => {
  const { url } = await serverProcess({ limits: { bufferedBytes: 500_000 } });
  const [slow, ada, bob] = await Promise.all([
    join(url, 'notes.md'),
    join(url, 'notes.md'),
    join(url, 'notes.md'),
  ]);
  slow.socket.pause();
  const dropped = slow.closed;
  await loopP99(url);
  await typeOn(bob, delay(QUIET_MS));
  const quiet = await loopP99(url);
  for (let i = 0; i < 200; i++) {
    ada.text.insert(0, 'z'.repeat(60_000));
    ada.text.delete(0, 60_000);
    await ada.untilStored();
  }
  ada.text.insert(0, 'done');
  await bob.until(() => bob.text.toString().startsWith('done'));
  if (quiet <= QUIET_P99_MS) expect(await loopP99(url)).toBeLessThanOrEqual(P99_MS);
  slow.socket.resume();
  expect((await dropped).code).toBe(1006);
});
