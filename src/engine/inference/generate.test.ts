import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReferenceDevice } from '../devices/reference/device.ts';
import { parameterSpecs } from '../models/parameters.ts';
import { parameterState } from '../training/evaluate.ts';
import type { ModelConfig } from '../training/spec.ts';
import { buildLogits } from '../training/step.ts';
import { tinyGpt2, tinyLlama } from '../training/testing/specs.ts';
import type { Generation } from './continuation.ts';
import type { Decoder } from './decoder.ts';
import { generateBatch, generateText } from './generate.ts';
import { letters, openTiny, sampling, tokenizer, weights } from './testing/tiny-decoder.ts';

const open = (model: ModelConfig, batch = 1): Promise<Decoder> =>
  openTiny(createReferenceDevice(), model, batch);

/** Greedy without a cache: the whole text is read again for every token. */
async function uncached(model: ModelConfig, prompt: readonly number[], count: number): Promise<number[]> {
  const session = await createReferenceDevice().open(parameterState(model));
  for (const { name } of parameterSpecs(model)) await session.write(name, await weights(model, name));
  const ids = [...prompt];
  for (let i = 0; i < count; i++) {
    const program = await session.compile(buildLogits({ model, batch: 1, context: ids.length }));
    const { logits } = await program.run({ input_ids: Int32Array.from(ids) });
    const last = (logits ?? new Float32Array(0)).subarray((ids.length - 1) * model.vocab_size);
    ids.push(last.indexOf(Math.max(...last)));
  }
  return ids.slice(prompt.length);
}

describe.each<[string, ModelConfig]>([
  ['gpt2', { ...tinyGpt2, n_positions: 48 }],
  ['llama', { ...tinyLlama, max_position_embeddings: 48 }],
])('%s', (_, model) => {
  test('greedy with a cache equals greedy without, for prompts shorter and longer than a block', async () => {
    const decoder = await open(model);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(16), { minLength: 1, maxLength: 40 }), async (prompt) => {
        const count = 4;
        const text = prompt.map((id) => letters[id]).join('');
        const request = {
          decoder,
          tokenizer,
          sampling: { ...sampling, prompt: text, max_new_tokens: count },
        };
        const { text: cached } = await generateText(request);
        const expected = await uncached(model, prompt, count);
        expect(cached).toBe(expected.map((id) => letters[id]).join(''));
      }),
      { numRuns: 12 },
    );
  });

  test('several prompts side by side give what each gives alone', async () => {
    const [one, three] = [await open(model), await open(model, 3)];
    const prompt = fc.string({ unit: fc.constantFrom(...letters), maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(prompt, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 60 }),
        fc.constantFrom(0, 0.8),
        async (prompts, max_new_tokens, temperature) => {
          const settings = { ...sampling, max_new_tokens, temperature, top_k: 9, top_p: 0.9, stop: ['ee'] };
          const together = await generateBatch({ decoder: three, tokenizer, sampling: settings, prompts });
          const alone = [];
          for (const prompt of prompts) {
            alone.push(await generateText({ decoder: one, tokenizer, sampling: { ...settings, prompt } }));
          }
          expect(together).toEqual(alone);
        },
      ),
      { numRuns: 12 },
    );
  });
});

test('when the context is full, the later half is read again and it goes on', async () => {
  const decoder = await open(tinyGpt2); // 8 positions
  const long = await generateText({ decoder, tokenizer, sampling: { ...sampling, max_new_tokens: 30 } });
  expect(long).toMatchObject({ tokens: 30, ended: 'length' });
  // 3 of the prompt and 5 more fill it; the next follows from the last 4 of the 9 there are.
  const all = `abc${long.text}`;
  const again = await uncached(
    tinyGpt2,
    [...all.slice(5, 9)].map((c) => letters.indexOf(c)),
    1,
  );
  expect(all[9]).toBe(letters[again[0] ?? -1]);
});

test('a prompt longer than the context is read from its end', async () => {
  const decoder = await open(tinyGpt2);
  const prompt = 'abcdefghijklmnop';
  const { text } = await generateText({
    decoder,
    tokenizer,
    sampling: { ...sampling, prompt, max_new_tokens: 1 },
  });
  const expected = await uncached(
    tinyGpt2,
    [...prompt.slice(-8)].map((c) => letters.indexOf(c)),
    1,
  );
  expect(text).toBe(letters[expected[0] ?? -1]);
});

test('the seed decides, and the pieces add up to the text', async () => {
  const decoder = await open(tinyGpt2);
  const draw = async (seed: number): Promise<string> => {
    let pieces = '';
    const [{ text }] = (await generateBatch({
      decoder,
      tokenizer,
      sampling: { ...sampling, temperature: 1, seed, max_new_tokens: 20 },
      prompts: [sampling.prompt],
      listener: {
        wrote: (_, piece) => {
          pieces += piece;
        },
      },
    })) as [Generation];
    expect(text).toBe(pieces);
    return text;
  };
  expect(await draw(5)).toBe(await draw(5));
  expect(await draw(5)).not.toBe(await draw(6));
});

test('stops at a stop string, at the end of text, and at once when asked', async () => {
  const decoder = await open(tinyGpt2);
  const free = await generateText({ decoder, tokenizer, sampling: { ...sampling, max_new_tokens: 20 } });
  const stop = free.text.slice(6, 8);
  const stopped = await generateText({
    decoder,
    tokenizer,
    sampling: { ...sampling, max_new_tokens: 20, stop: [stop] },
  });
  expect(stopped).toMatchObject({ ended: 'stop', text: free.text.slice(0, free.text.indexOf(stop)) });

  const eos = letters.indexOf(free.text[3] ?? '');
  const ended = await generateText({ decoder, tokenizer: { ...tokenizer, eos_token_id: eos }, sampling });
  expect(ended.ended).toBe('eos');
  expect(ended.text).toBe(free.text.slice(0, free.text.indexOf(letters[eos] ?? '')));

  const signal = { aborted: false };
  const aborted = await generateBatch({
    decoder,
    tokenizer,
    sampling: { ...sampling, max_new_tokens: 1000 },
    prompts: ['abc', 'waits for its turn'],
    signal,
    listener: {
      wrote: () => {
        signal.aborted = true;
      },
    },
  });
  expect(aborted).toMatchObject([
    { ended: 'aborted', tokens: 1 },
    { ended: 'aborted', tokens: 0, text: '' },
  ]);
});

test('an empty prompt starts from the end of text, where there is one, and unknown letters are counted', async () => {
  const decoder = await open(tinyGpt2);
  const started: number[][] = [];
  const spy: Decoder = {
    ...decoder,
    draw: (pieces, draw) => {
      started.push([...(pieces[0]?.ids ?? [])]);
      return decoder.draw(pieces, draw);
    },
  };
  const empty = { ...sampling, prompt: '', max_new_tokens: 1 };
  await generateText({ decoder: spy, tokenizer: { ...tokenizer, eos_token_id: 7 }, sampling: empty });
  await generateText({ decoder: spy, tokenizer, sampling: empty });
  expect(started).toEqual([[7], [0]]);
  const unknown = await generateText({ decoder, tokenizer, sampling: { ...sampling, prompt: 'aXYb' } });
  expect(unknown.dropped).toBe(2);
});

test('rows of a vocabulary that the tokenizer does not have are never drawn', async () => {
  const decoder = await open({ ...tinyGpt2, vocab_size: 40 });
  const wild = { ...sampling, temperature: 5, max_new_tokens: 100 };
  const drawn = new Set<number>();
  const decode = (ids: ArrayLike<number>): string => {
    for (const id of Array.from(ids)) drawn.add(id);
    return tokenizer.decode(ids);
  };
  await generateText({ decoder, tokenizer: { ...tokenizer, decode }, sampling: wild });
  expect(drawn.size).toBeGreaterThan(8);
  expect(Math.max(...drawn)).toBeLessThan(17);
});

test('who listens hears of each prompt when its turn comes, what it writes, and its end at once', async () => {
  const decoder = await open({ ...tinyGpt2, n_positions: 48 }, 2);
  const heard: string[] = [];
  const texts = ['', '', '', ''];
  const generations = await generateBatch({
    decoder,
    tokenizer,
    sampling: { ...sampling, max_new_tokens: 5, stop: [' '] },
    prompts: ['one', 'a second', 'c', 'last of all'],
    listener: {
      began: (prompt) => heard.push(`began ${prompt}`),
      wrote: (prompt, text) => {
        texts[prompt] += text;
      },
      ended: (prompt, { text }) => heard.push(`ended ${prompt}: ${text}`),
    },
  });
  expect(texts).toEqual(generations.map(({ text }) => text));
  // Two at a time: the third begins when one of the first two is over.
  expect(heard.slice(0, 2)).toEqual(['began 0', 'began 1']);
  expect(heard[2]).toMatch(/^ended [01]: /);
  expect(heard).toHaveLength(8);
  for (const [prompt, { text }] of generations.entries()) {
    const [began, ended] = [heard.indexOf(`began ${prompt}`), heard.indexOf(`ended ${prompt}: ${text}`)];
    expect(began).toBeGreaterThanOrEqual(0);
    expect(ended).toBeGreaterThan(began);
  }
});
