import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits, removeField, setField } from './edit.ts';
import { readConfig } from './read.ts';
import { SAMPLE } from './testing/configs.ts';
import { getAt } from './values.ts';

const set = (text: string, path: string, value: unknown): string => {
  const edits = setField(text, path.split('.'), value);
  expect(edits).not.toBeNull();
  return applyEdits(text, edits ?? []);
};
const remove = (text: string, path: string): string =>
  applyEdits(text, removeField(text, path.split('.')) ?? []);

describe('setField', () => {
  it('replaces a value and nothing else', () => {
    expect(set(SAMPLE, 'model.n_embd', 132)).toBe(SAMPLE.replace('n_embd: 128', 'n_embd: 132'));
    expect(set(SAMPLE, 'data.source', 'notes.txt')).toBe(
      SAMPLE.replace('source: stories ', 'source: notes.txt '),
    );
  });

  it('adds a field at the end of its section', () => {
    const text = 'model:\n  n_layer: 2 # two\n\n# the end\ntraining:\n  seed: 1\n';
    expect(set(text, 'model.n_head', 4)).toBe(
      'model:\n  n_layer: 2 # two\n  n_head: 4\n\n# the end\ntraining:\n  seed: 1\n',
    );
  });

  it('adds sections, and fields in braces', () => {
    expect(set('', 'training.seed', 3)).toBe('training:\n  seed: 3\n');
    expect(set('project: x', 'training.seed', 3)).toBe('project: x\ntraining:\n  seed: 3');
    expect(set('training:\n', 'training.seed', 3)).toBe('training:\n  seed: 3\n');
    expect(set('training: # later\n', 'training.seed', 3)).toBe('training: # later\n  seed: 3\n');
    expect(set('model: { n_layer: 2 }\n', 'model.n_head', 4)).toBe('model: { n_layer: 2, n_head: 4 }\n');
    expect(set('model: {}\n', 'model.n_head', 4)).toBe('model: { n_head: 4 }\n');
    expect(set('model: null\n', 'model.n_head', 4)).toBe('model: { n_head: 4 }\n');
  });

  it('fills a field that has no value, and replaces a block', () => {
    expect(set('training:\n  seed:\n  optim: sgd\n', 'training.seed', 3)).toBe(
      'training:\n  seed: 3\n  optim: sgd\n',
    );
    const text = 'data:\n  tokenizer:\n    type: bpe\n    vocab_size: 300\n  source: a # x\n';
    expect(set(text, 'data.tokenizer', { type: 'char' })).toBe(
      'data:\n  tokenizer: { type: char }\n  source: a # x\n',
    );
  });

  it('keeps CRLF, and gives up on what is not YAML', () => {
    expect(set('training:\r\n  seed: 1\r\n', 'training.optim', 'sgd')).toBe(
      'training:\r\n  seed: 1\r\n  optim: sgd\r\n',
    );
    expect(setField('a: [', ['project'], 'x')).toBeNull();
    expect(setField('model: 3', ['model', 'n_head'], 4)).toBeNull();
  });

  const value = fc.oneof(
    fc.integer({ min: 1, max: 4096 }),
    fc.double({ min: 1e-9, max: 10, noNaN: true }),
    fc.boolean(),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }),
  );
  const field = fc.constantFrom(
    'project',
    'data.source',
    'model.n_embd',
    'model.bias',
    'training.seed',
    'training.min_lr',
    'sampling.prompt',
    'sampling.stop',
    'sampling.top_k',
  );
  const comment = fc.tuple(
    fc.nat(SAMPLE.split('\n').length - 1),
    fc.string({ maxLength: 8 }).map((text) => `# ${text.replaceAll(/[\r\n\0\u0085\u2028\u2029]/g, ' ')}`),
  );

  it('writes what is read back, and leaves every other line as it is', () => {
    fc.assert(
      fc.property(field, value, fc.array(comment, { maxLength: 4 }), (path, written, comments) => {
        const lines = SAMPLE.split('\n');
        for (const [at, text] of comments) lines.splice(at, 0, text);
        const before = lines.join('\n');
        const after = set(before, path, written);
        const place = readConfig(after).places.get(path);
        expect(place).toBeDefined();
        expect(readBack(after, path)).toEqual(written);
        const had = readConfig(before).places.get(path);
        if (had === undefined) {
          // One line more, all others the same.
          const rest = after.split('\n');
          const added = rest.findIndex((line, i) => line !== lines[i]);
          rest.splice(added, 1);
          expect(rest).toEqual(lines);
        } else {
          expect(after.slice(0, had.node.start)).toBe(before.slice(0, had.node.start));
          expect(after.endsWith(before.slice(had.node.end))).toBe(true);
        }
      }),
    );
  });

  function readBack(text: string, path: string): unknown {
    const node = readConfig(text).places.get(path)?.node;
    if (node?.kind === 'scalar') return node.value;
    if (node?.kind === 'list')
      return node.items.map((item) => (item.kind === 'scalar' ? item.value : undefined));
    return undefined;
  }
});

describe('removeField', () => {
  it('takes the line out, or the part between commas', () => {
    expect(remove(SAMPLE, 'training.warmup_steps')).toBe(SAMPLE.replace('  warmup_steps: 100\n', ''));
    expect(remove(SAMPLE, 'data.tokenizer.vocab_size')).toBe(SAMPLE.replace(', vocab_size: 512', ''));
    expect(remove(SAMPLE, 'data.tokenizer.type')).toBe(SAMPLE.replace('type: bpe, ', ''));
    expect(remove('a: 1\nproject: x', 'project')).toBe('a: 1');
    expect(remove(SAMPLE, 'training.nothing')).toBe(SAMPLE);
  });

  it('undoes setField', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('training.min_lr', 'model.bias', 'data.tokenizer.path', 'sampling.top_k'),
        fc.nat(99),
        (path, value) => {
          expect(remove(set(SAMPLE, path, value), path)).toBe(SAMPLE);
        },
      ),
    );
  });

  it('leaves the default behind', () => {
    const after = remove(SAMPLE, 'model.n_embd');
    expect(getAt(readConfig(after).config, ['model', 'n_embd'])).toBe(768);
  });
});
