import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import { generateStories } from './corpus.ts';
import { plots } from './plots.ts';
import { writeStory } from './story.ts';
import { things } from './words/world.ts';

const SEED = 20_240_607;

test('a corpus of over a megabyte, quickly, with some 1,500 words and more', async () => {
  const before = process.threadCpuUsage();
  const text = await generateStories();
  const { user, system } = process.threadCpuUsage(before); // however long it waited for a processor
  expect((user + system) / 1000).toBeLessThan(5000);
  expect(text.length).toBeGreaterThanOrEqual(1_200_000);
  expect(text).toMatch(/^[\n -~]*$/); // so that characters are bytes
  expect(text).not.toContain('<|');
  const words = new Set(text.toLowerCase().match(/[a-z]+(?:'[a-z]+)?/g));
  expect(words.size).toBeGreaterThan(1500);
  const stories = text.trimEnd().split('\n\n');
  expect(new Set(stories).size).toBe(stories.length);
  const once = stories.filter((story) => story.startsWith('Once'));
  expect(once.length / stories.length).toBeGreaterThan(0.4);
  expect(once.length / stories.length).toBeLessThan(0.8);
});

test('the seed alone decides the text', async () => {
  const [a, b, c] = await Promise.all([
    generateStories({ seed: 5, characters: 20_000 }),
    generateStories({ seed: 5, characters: 20_000 }),
    generateStories({ seed: 6, characters: 20_000 }),
  ]);
  expect(a).toBe(b);
  expect(a).not.toBe(c);
  const longer = await generateStories({ seed: 5, characters: 40_000 });
  expect(longer.startsWith(a)).toBe(true);
});

test('it tells how far it is, rests, and ends when resting throws', async () => {
  const seen: number[] = [];
  let rests = 0;
  await generateStories({
    characters: 300_000,
    onProgress: (done) => seen.push(done),
    pause: async () => void rests++,
  });
  expect(rests).toBeGreaterThan(1);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(1);
  const stopped = generateStories({
    pause: () => Promise.reject(new Error('enough')),
  });
  await expect(stopped).rejects.toThrow('enough');
});

test('every story is well formed, whatever the seed', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const story = writeStory(new Random(seed));
      expect(story).not.toMatch(/[{}[\]|]/);
      for (const paragraph of story.split('\n')) {
        expect(paragraph).toMatch(/^["A-Z].*[.!?]"?$/);
        expect((paragraph.match(/"/g) ?? []).length % 2).toBe(0);
      }
      expect(story).not.toMatch(/ {2}| [.,!?]|[.,!?]{2}|[.!?] [a-z]/);
      expect(story).not.toMatch(/\ba (?!one-)[aeio]/i);
      expect(story).not.toMatch(/\ban [^aeiouh]/i);
      expect(story).not.toMatch(/\b(\w+) \1\b/i); // no word twice
      expect(story).not.toMatch(/\b(?:a|an|the) (?:a|an|the)\b/i);
    }),
    { seed: SEED, numRuns: 3000 },
  );
});

test('a thing keeps its looks through a story', () => {
  const looks = [...new Set(things.flatMap((row) => row.looks.split(', ')))].join('|');
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const story = writeStory(new Random(seed));
      for (const { thing } of things) {
        const found = story.matchAll(new RegExp(`\\b(?:his|her|a|an|the) (${looks}) ${thing}\\b`, 'g'));
        expect(new Set([...found].map((match) => match[1])).size).toBeLessThanOrEqual(1);
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('every kind of story, fact and way of telling comes up', async () => {
  const text = await generateStories({ characters: 4_000_000 });
  for (const plot of plots) {
    for (const moral of plot.morals) expect(text).toContain(moral);
    for (const row of plot.facts) {
      // The longest stretch of each row without slots and choices stands in some story.
      const pieces = Object.values(row).flatMap((cell) => cell.split(/[{}[\]|]/));
      const longest = pieces.reduce((best, piece) => (piece.length > best.length ? piece : best), '');
      expect(text.toLowerCase()).toContain(longest.trim().toLowerCase());
    }
  }
});
