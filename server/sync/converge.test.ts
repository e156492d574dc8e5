import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { SimClock } from '../testing/sim/clock.ts';
import { SimWorld } from '../testing/sim/world.ts';

const SCHEDULES = 10_000;
const MINUTES = 60_000;

/** What happens, whom it concerns, and a number for the rest: where, how many, how. */
const event = fc.tuple(
  fc.constantFrom(
    ...([
      'write',
      'write',
      'write',
      'erase',
      'deliver',
      'deliver',
      'deliver',
      'deliver',
      'work',
      'work',
    ] as const),
    ...(['connect', 'connect', 'cut', 'notice', 'disturb', 'tick', 'crash', 'lose', 'vanish'] as const),
  ),
  fc.nat(3),
  fc.nat(1000),
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function happen(world: SimWorld, [what, who, number]: Event): void {
  const client = world.clients[who];
  if (client === undefined) return;
  if (what === 'write') world.write(client, number);
  else if (what === 'erase') world.erase(client, number);
  else if (what === 'deliver') world.deliver(client, 1 + (number % 4));
  else if (what === 'work') world.work(1 + (number % 4));
  else if (what === 'connect') world.connect(client);
  else if (what === 'cut') world.cut(client, number % 2 === 0);
  else if (what === 'notice') world.notice();
  else if (what === 'disturb') world.disturb(client, number);
  else if (what === 'crash') world.crash(0);
  else if (what === 'lose') world.crash(1 + (number % 3));
  else if (what === 'vanish') world.vanish(who);
}

test(
  `${SCHEDULES} schedules of loss, duplication, reordering, partition and crashes converge, and nothing is lost that was promised`,
  async () => {
    const seed = Date.now() % 2 ** 31;
    console.info(`converge: seed ${seed}`);
    const clock = new SimClock();
    onTestFinished(clock.install());
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 4, maxLength: 40 }), async (events) => {
        clock.forget();
        const world = new SimWorld(clock);
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
        for (const letter of world.promised)
          if (!world.erased.has(letter)) expect(text.includes(letter), 'a promised letter').toBe(true);
        for (const letter of world.promisedErased)
          expect(text.includes(letter), 'an erased letter').toBe(false);
        for (const { acknowledges, epoch } of world.clients)
          if (acknowledges) expect(epoch).toBe(world.disk.epoch);
        expect(await world.onDisk()).toBe(text);
      }),
      { numRuns: SCHEDULES, seed },
    );
  },
  10 * MINUTES,
);
