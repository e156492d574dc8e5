import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { SimClock } from '../testing/sim/clock.ts';
import { SimWorld } from '../testing/sim/world.ts';

/** Half of them with one server, half with two. ANNEAL_SCHEDULES asks for another number: 10,000 take minutes. */
const SCHEDULES = Number(process.env['ANNEAL_SCHEDULES'] ?? 2_000) / 2;
const MINUTES = 60_000;

/** What happens, whom it concerns, and a number for the rest: where, how many, how. */
const event = fc.tuple(
  fc.constantFrom(
    ...(['write', 'write', 'write', 'erase', 'deliver', 'deliver', 'deliver', 'deliver'] as const),
    ...([
      'work',
      'work',
      'work',
      'connect',
      'connect',
      'cut',
      'notice',
      'disturb',
      'overtake',
      'flush',
    ] as const),
    ...(['hear', 'hear', 'unheard', 'part', 'tick', 'tick', 'crash', 'lose', 'vanish'] as const),
  ),
  fc.nat(3),
  fc.nat(1000),
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function happen(world: SimWorld, [what, who, number]: Event): void {
  const client = world.clients[who];
  if (client === undefined) return;
  if (what === 'write') for (let i = 0; i <= number % 3; i++) world.write(client, number * (i + 1));
  else if (what === 'erase') world.erase(client, number);
  else if (what === 'deliver') world.deliver(client, 1 + (number % 4));
  else if (what === 'work') world.work(who, 1 + (number % 4));
  else if (what === 'connect') world.connect(client, number);
  else if (what === 'cut') world.cut(client, number % 2 === 0);
  else if (what === 'notice') world.notice();
  else if (what === 'disturb') world.disturb(client, number);
  else if (what === 'overtake') {
    client.holdBack(() => world.write(client, number));
    for (let i = 0; i <= number % 3; i++) world.write(client, number * (i + 1));
  } else if (what === 'flush') client.flush();
  else if (what === 'hear') world.net.deliver(1 + (number % 4));
  else if (what === 'unheard') world.net.lose(number);
  else if (what === 'part') world.net.part(number % 2 === 0);
  else if (what === 'crash') world.crash(who, 0);
  else if (what === 'lose') world.crash(0, 1 + (number % 3));
  else if (what === 'vanish') world.vanish(who);
}

/** Answers with how often the document has begun anew. */
async function run(world: SimWorld, clock: SimClock, events: readonly Event[]): Promise<number> {
  await world.heal(); // everybody is there
  for (const one of events) {
    happen(world, one);
    if (one[0] === 'tick') await clock.advance(one[2] % 50);
    else await clock.settle();
  }
  await world.heal();
  expect(world.broken).toEqual([]);
  const [text = ''] = world.clients.map((client) => client.text.toString());
  for (const client of world.clients) expect(client.text.toString()).toBe(text);
  expect(new Set(text).size).toBe(text.length); // no letter twice
  for (const letter of world.promised) {
    if (world.erased.has(letter)) continue;
    expect(text.includes(letter), 'a promised letter').toBe(true);
  }
  for (const letter of world.promisedErased) expect(text.includes(letter), 'an erased letter').toBe(false);
  for (const { acknowledges, epoch } of world.clients) if (acknowledges) expect(epoch).toBe(world.disk.epoch);
  expect(await world.onDisk()).toBe(text);
  return world.disk.rotations;
}

test.each([
  ['one server', 1],
  ['two servers that hear little of one another', 2],
] as const)(
  '%s: schedules of loss, duplication, reordering, gaps, partition, new generations and crashes converge, and nothing is lost that was promised',
  async (_, servers) => {
    const seed = Number(process.env['ANNEAL_SEED'] ?? Date.now() % 2 ** 31);
    console.info(`converge: ${SCHEDULES} schedules, ${servers} servers, seed ${seed}`);
    const clock = new SimClock();
    onTestFinished(clock.install());
    let rotations = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 4, maxLength: 60, size: 'max' }), async (events) => {
        clock.forget();
        rotations += await run(new SimWorld(clock, servers), clock, events);
      }),
      { numRuns: SCHEDULES, seed },
    );
    expect(rotations).toBeGreaterThan(SCHEDULES / 100);
  },
  10 * MINUTES,
);
