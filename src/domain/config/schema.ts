import * as z from 'zod';
import { between, field, share, whole } from './field.ts';
import { modelSchema } from './model-schema.ts';
import { seed, trainingSchema } from './training-schema.ts';

/** The least a byte-level vocabulary can be: 256 bytes and `<|endoftext|>`. */
export const LEAST_BPE_VOCABULARY = 257;

/** The name of the built-in corpus; any other source is a path in the project. */
export const BUILT_IN_SOURCE = 'stories';

const type = (description: string) => ({ title: 'Kind of tokenizer', description });

const tokenizerSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({ type: field(z.literal('char'), type('One token per character of the text.')) })
      .meta({ title: 'Characters', description: 'One token per character of the text.' }),
    z
      .strictObject({
        type: field(z.literal('bpe'), type('Byte-level BPE, trained on the text.')),
        vocab_size: field(whole(LEAST_BPE_VOCABULARY, 1_048_576).default(512), {
          title: 'Vocabulary',
          description:
            'Tokens in all, the 256 bytes and `<|endoftext|>` included. More of them make the text shorter and the model larger.',
          unit: 'tokens',
          examples: [512, 4096],
        }),
      })
      .meta({ title: 'Byte pairs', description: 'Byte-level BPE, trained on the text.' }),
    z
      .strictObject({
        type: field(z.literal('file'), type("Somebody's tokenizer.json.")),
        path: field(z.string().min(1).max(1024), {
          title: 'File',
          description: 'Path of a Hugging Face tokenizer.json in the project.',
          examples: ['tokenizer.json'],
        }),
      })
      .meta({ title: 'File', description: "Somebody's tokenizer.json." }),
  ])
  .prefault({ type: 'bpe' })
  .meta({
    title: 'Tokenizer',
    description:
      'How text becomes numbers: `{ type: char }`, `{ type: bpe, vocab_size: 512 }` or `{ type: file, path: tokenizer.json }`.',
    examples: [{ type: 'char' }, { type: 'bpe', vocab_size: 512 }, { type: 'file', path: 'tokenizer.json' }],
  });

const dataSchema = z
  .strictObject({
    source: field(z.string().min(1).max(1024).default(BUILT_IN_SOURCE), {
      title: 'Source',
      description:
        '`stories` is the built-in corpus; anything else is the path of a text file in the project.',
      examples: ['stories', 'input.txt'],
    }),
    validation_split: field(share().default(0.1), {
      title: 'Validation share',
      description: 'The last part of the text, which is kept for validation; nothing of it is trained on.',
      examples: [0.1],
    }),
    tokenizer: tokenizerSchema,
  })
  .meta({ title: 'Data', description: 'The text to learn from and how it is cut up.' });

const samplingSchema = z
  .strictObject({
    prompt: field(z.string().max(100_000).default('\n'), {
      title: 'Prompt',
      description: 'The text that samples go on from.',
      examples: ['Once'],
    }),
    max_new_tokens: field(whole(1, 1_000_000).default(100), {
      title: 'Length',
      description: 'Tokens to write after the prompt.',
      unit: 'tokens',
      examples: [100],
    }),
    temperature: field(between(0, 100).default(1), {
      title: 'Temperature',
      description:
        'Below 1 the likely tokens get likelier, above 1 the unlikely ones. 0 always takes the likeliest.',
      examples: [0.8, 1],
    }),
    top_k: field(whole(0, 1_048_576).default(50), {
      title: 'Top k',
      description: 'Only this many of the likeliest tokens are drawn from. 0: all.',
      unit: 'tokens',
      examples: [0, 50],
    }),
    top_p: field(z.number().gt(0).max(1).default(1), {
      title: 'Top p',
      description: 'Only the likeliest tokens that make up this share are drawn from. 1: all.',
      examples: [0.9, 1],
    }),
    seed: seed(42, 'drawing tokens'),
    stop: field(z.array(z.string().min(1)).max(64).default([]), {
      title: 'Stop',
      description: 'Texts at which a sample ends.',
      examples: [['\n\n']],
    }),
  })
  .meta({
    title: 'Sampling',
    description: 'The sample written at each evaluation, and the start values of the playground.',
  });

/**
 * The config language. Types, defaults, JSON Schema, completion and hover text all derive from this one
 * schema. Every field may be left out.
 */
export const configSchema = z
  .strictObject({
    project: field(z.string().min(1).max(200).default('untitled'), {
      title: 'Project',
      description: 'What this work is called.',
      examples: ['stories'],
    }),
    data: dataSchema.prefault({}),
    model: modelSchema,
    training: trainingSchema.prefault({}),
    sampling: samplingSchema.prefault({}),
  })
  .meta({ title: 'Anneal training config' });

export type Config = z.output<typeof configSchema>;
export type ModelSection = Config['model'];
