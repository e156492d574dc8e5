import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { CloseCode, PROJECT_DOCUMENT, syncPath } from '../../src/protocol/sync.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import type { Editor } from '../testing/editor.ts';
import { SAMPLE_CONFIG } from '../testing/fixture.ts';
import * as hostile from '../testing/hostile.ts';
import { join } from '../testing/join.ts';
import { lastingServerProcess, type ServerProcess, serverProcess } from '../testing/server-process.ts';
import { flood } from '../testing/villain.ts';

const ATTACK_MS = 1_500;
const SOCKETS = 8;
const P99_MS = 50;
/** With more to do than this for each core, the machine itself is late: then the server's own time alone is held. */
const QUIET_LOAD = 0.9;
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

const { badRequest, refusedUpdate, messageTooLong, tooLarge, resync, rotated, flood: flooded } = CloseCode;
const refused = [badRequest, refusedUpdate];

const attacks: Readonly<Record<string, Attack>> = {
  'seven bytes that ask for 240 MB': { make: hostile.hugeCount, codes: refused },
  'structs for tens of thousands of clients': { make: hostile.manyClients, codes: refused },
  'the second format': { make: hostile.secondFormat, codes: refused },
  'thousands who claim one place': {
    make: hostile.rivals,
    // The text is full and begins anew: what comes after that is of a text that is over.
    codes: [refusedUpdate, tooLarge, resync, rotated],
    isOnlySlowed: true,
    isContent: true,
  },
  'structs that wait for each other': { make: hostile.circles, codes: refused },
  'deletions of what nobody has': {
    make: hostile.manyDeletions,
    codes: [...refused, resync],
    isOnlySlowed: true,
  },
  'the same deleted again and again': { make: hostile.sameDeletions, codes: refused },
  'deletions of nothing for everybody': { make: hostile.noDeletions, codes: refused },
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

interface Late {
  /** On the clock, which other programs hold up, too. */
  readonly wall: number;
  /** By what the server itself did. */
  readonly own: number;
  readonly isQuiet: boolean;
}

/** How late the server's event loop was since it was asked last, in milliseconds at the 99th percentile. */
async function late(url: string): Promise<Late> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const read = (name: string): number =>
    Number(new RegExp(`^anneal_event_loop_${name}_p99_seconds (\\S+)$`, 'm').exec(text)?.[1]) * 1000;
  const [load = 0] = loadavg();
  return {
    wall: read('delay'),
    own: read('busy'),
    isQuiet: load <= QUIET_LOAD * availableParallelism(),
  };
}

function expectInTime({ wall, own, isQuiet }: Late): void {
  expect(own).toBeLessThanOrEqual(P99_MS);
  if (isQuiet) expect(wall).toBeLessThanOrEqual(P99_MS);
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

/** Each attack has a project and an address of its own: what an address may use, one before has used. */
const hasAddresses = process.platform === 'linux';
let standing: Awaited<ReturnType<typeof lastingServerProcess>> | null = null;
let begun = 0;

/** Gone, for the next to start a new one. */
async function tearDown(): Promise<void> {
  const server = standing;
  standing = null;
  await server?.close();
}
afterAll(tearDown);

async function attacked(name: string, attack: Attack): Promise<void> {
  standing ??= await lastingServerProcess();
  try {
    await attackOn(standing, name, attack);
  } catch (error) {
    await tearDown();
    throw error;
  }
  // What may be left to do of a document that is full is not the next one's to wait for.
  if (attack.isContent === true || !hasAddresses) await tearDown();
}

async function attackOn(
  server: ServerProcess,
  name: string,
  { make, codes, isOnlySlowed = false, isContent = false, path = 'notes.md', ping = false }: Attack,
): Promise<void> {
  const seed = Date.now() % 2 ** 31;
  const { url } = server;
  const project = await projectOn(url);
  const from = hasAddresses ? `127.0.1.${++begun}` : undefined;
  const enter = (): Promise<Editor> => join(url, 'notes.md', { project, from });
  const [ada, bob] = await Promise.all([enter(), enter()]);
  await late(url);
  const attack = flood({
    url,
    address: syncPath(project, path),
    make,
    random: new Random(seed),
    sockets: SOCKETS,
    ms: ATTACK_MS,
    from,
    ping,
  });
  const written = await typeOn(ada, attack);
  const seen = await attack;
  const p99 = await late(url);
  console.info(`${name}: seed ${seed}, p99 ${JSON.stringify(p99)}, closed ${JSON.stringify([...seen])}`);
  for (const code of seen.keys()) expect([...codes, flooded]).toContain(code);
  if (!isOnlySlowed) expect(seen.size).toBeGreaterThan(0);
  if (isContent) {
    // It may have begun anew, or be full: that is for those to see who let the attacker write.
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  } else {
    await ada.untilStored();
    await bob.untilText(written);
    const late = await enter();
    expect(late.text.toString()).toBe(written);
    expect(late.doc.share.size).toBe(1);
    const list = await (await fetch(`${url}${API_PREFIX}/projects/${project}/files`)).json();
    expect(list).toMatchObject({ files: [{ path: 'anneal.yaml' }, { path: 'notes.md' }] });
  }
  expect(server.process.exitCode).toBeNull();
  expectInTime(p99);
}

async function projectOn(url: string): Promise<string> {
  const files = [{ path: 'anneal.yaml', text: SAMPLE_CONFIG }];
  const response = await fetch(`${url}${API_PREFIX}/projects`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Attacked', files }),
  });
  return ((await response.json()) as { id: string }).id;
}

test.each([...Object.entries(attacks), ...mutations])(
  '%s: nobody is held up, and the document stays as it was written',
  { retry: 3, timeout: 60_000 },
  attacked,
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
  await late(url);
  for (let i = 0; i < 200; i++) {
    ada.text.insert(0, 'z'.repeat(60_000));
    ada.text.delete(0, 60_000);
    await ada.untilStored();
  }
  ada.text.insert(0, 'done');
  await bob.untilText('done');
  expectInTime(await late(url));
  slow.socket.resume();
  expect((await dropped).code).toBe(1006);
});
