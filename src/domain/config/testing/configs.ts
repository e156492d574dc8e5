import fc from 'fast-check';
import { configSchema } from '../schema.ts';

/** The config of the issue that asked for this language. */
export const SAMPLE = `project: stories
data:
  source: stories              # the built-in corpus, or the path of a file in the project
  validation_split: 0.1        # the last part; nothing of it is trained on
  tokenizer: { type: bpe, vocab_size: 512 }   # or { type: char }; or { type: file, path: tokenizer.json }
model:
  model_type: gpt2             # or llama, each with its own Hugging Face fields
  n_positions: 64
  n_embd: 128
  n_layer: 4
  n_head: 4
training:
  learning_rate: 1.0e-3
  lr_scheduler_type: cosine
  warmup_steps: 100
  per_device_train_batch_size: 12
  max_steps: 2000
  eval_steps: 250
  seed: 1337
sampling:
  prompt: "Once"
  max_new_tokens: 100
`;

/** The sample with one line replaced by another. */
export function sampleWith(...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The sample has no ${from}`);
    return text.replace(from, to);
  }, SAMPLE);
}

const names = [
  ...Object.keys(configSchema.parse({}).training),
  ...Object.keys(configSchema.parse({}).model),
  ...Object.keys(configSchema.parse({}).data),
  'project',
  'hidden_size',
  'lr',
  '__proto__',
  'constructor',
];
const junk = [
  '',
  ':',
  '  ',
  '\t',
  '"',
  "'",
  '[',
  '{',
  '}',
  ']',
  '- ',
  '#',
  '&a',
  '*a',
  '!!x',
  '|',
  '>',
  '\r\n',
  '\n',
  ',',
  '?',
  '%',
  '\0',
  '\uFEFF',
  '🦙',
  '1e999',
  '-1',
  '0',
  '0.5',
  'null',
  'true',
  '.nan',
  '99999999999',
  '{}',
  '[]',
];

/** Good configs with pieces cut out, put in and swapped, as typing leaves them. */
export const mutated: fc.Arbitrary<string> = fc
  .array(
    fc.record({
      at: fc.nat(SAMPLE.length),
      cut: fc.oneof(fc.constant(0), fc.nat(12)),
      put: fc.oneof(fc.constantFrom(...junk), fc.constantFrom(...names), fc.string({ maxLength: 4 })),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((edits) =>
    edits.reduce((text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut), SAMPLE),
  );

/** Configs that are YAML, with fields of every section given values of every kind. */
export const scrambled: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(
      fc.constantFrom('data', 'model', 'training', 'sampling'),
      fc.constantFrom(...names),
      fc.oneof(
        fc.constantFrom(
          '1',
          '0',
          '-3',
          '2.5',
          '1e-3',
          '"1e-3"',
          'true',
          'yes',
          '[]',
          '{}',
          '[1, a]',
          '{ a: 1 }',
          '',
          'null',
          'adam',
          'llama',
          'gpt2',
          '1,000',
          '10%',
          '.inf',
          '3k',
        ),
        fc.nat(300).map(String),
      ),
    ),
    { maxLength: 14 },
  )
  .map((fields) => {
    const sections = Map.groupBy(fields, ([section]) => section);
    return [...sections]
      .map(
        ([section, items]) =>
          `${section}:\n${items.map(([, name, value]) => `  ${name}: ${value}\n`).join('')}`,
      )
      .join('');
  });
