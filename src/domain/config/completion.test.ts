import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogue, fieldAt, fieldsOf, toJsonSchema } from './catalogue.ts';
import { completion } from './completion.ts';
import { applyEdits } from './edit.ts';
import { hover } from './hover.ts';
import { Lines } from './lines.ts';
import { readConfig } from './read.ts';
import { mutated, SAMPLE } from './testing/configs.ts';

/** The cursor is where the bar stands. */
function at(marked: string) {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  return { text, position: new Lines(text).position(offset) };
}
const labels = (marked: string) => {
  const { text, position } = at(marked);
  return completion(text, position).map(({ label }) => label);
};

describe('completion', () => {
  it('offers the sections, without those there are', () => {
    expect(labels('|')).toEqual(['project', 'data', 'model', 'training', 'sampling']);
    expect(labels('model:\n  n_head: 4\n|')).toEqual(['project', 'data', 'training', 'sampling']);
  });

  it('offers the fields of the kind of model that the text has', () => {
    expect(labels('model:\n  n_|')).toContain('n_embd');
    expect(labels('model:\n  model_type: llama\n  hid|')).toContain('hidden_size');
    expect(labels('model:\n  model_type: llama\n  |')).not.toContain('n_embd');
    expect(labels('model:\n  |\n  model_type: llama\n')).toContain('num_key_value_heads');
    expect(labels('model:\n  n_head: 4\n  |\n  n_embd: 8\n')).not.toContain('n_head');
  });

  it('offers values: options, truths, tokenizers, kinds of model', () => {
    expect(labels('training:\n  optim: |')).toEqual(['adamw', 'sgd', 'lion', 'muon']);
    expect(labels('training:\n  optim: ad| # best')).toContain('adamw');
    expect(labels('model:\n  bias: |')).toEqual(['true', 'false']);
    expect(labels('model:\n  model_type: |')).toEqual(['gpt2', 'llama']);
    expect(labels('data:\n  tokenizer: |')).toContain('{ type: char }');
    expect(labels('training:\n  learning_rate: |')).toContain('6.0e-4');
    expect(labels('model:\n  n_inner: |')).toContain('null');
  });

  it('works in braces', () => {
    expect(labels('data:\n  tokenizer: { ty| }')).toContain('type');
    expect(labels('data:\n  tokenizer: { type: | }')).toEqual(['char', 'bpe', 'file']);
    expect(labels('data:\n  tokenizer: { type: bpe, | }')).toEqual(['vocab_size']);
    expect(labels('data:\n  tokenizer: { type: file, | }')).toEqual(['path']);
  });

  it('keeps out of comments and unknown sections', () => {
    expect(labels('# |')).toEqual([]);
    expect(labels('training:\n  seed: 3 # |')).toEqual([]);
    expect(labels('nothing:\n  |')).toEqual([]);
  });

  it('replaces what is typed already', () => {
    const { text, position } = at('training:\n  opt|im: sgd\n');
    const item = completion(text, position).find(({ label }) => label === 'optim');
    expect(item?.range).toEqual({ start: { line: 1, character: 2 }, end: { line: 1, character: 7 } });
    expect(item?.snippet).toBe('optim');
  });

  it('offers for every field only values that the field takes', () => {
    for (const section of ['data', 'model', 'training', 'sampling']) {
      for (const name of Object.keys(readConfig('').config[section as 'data'])) {
        for (const label of labels(`${section}:\n  ${name}: |`)) {
          expect(readConfig(`${section}:\n  ${name}: ${label}\n`).diagnostics, `${name}: ${label}`).toEqual(
            [],
          );
        }
      }
    }
  });

  it('explains every field that it offers', () => {
    for (const text of [
      'data:\n  |',
      'model:\n  |',
      'model:\n  model_type: llama\n  |',
      'training:\n  |',
      'sampling:\n  |',
    ]) {
      const place = at(text);
      for (const item of completion(place.text, place.position)) {
        expect(item.documentation, item.label).toMatch(/\*\*.+\*\*/);
        expect(item.detail).not.toBe('');
      }
    }
  });

  it('answers anywhere in any text, with ranges on the line', () => {
    fc.assert(
      fc.property(
        fc.oneof(mutated, fc.string({ unit: 'binary', maxLength: 80 })),
        fc.nat(700),
        fc.nat(80),
        (text, line, character) => {
          for (const { range } of completion(text, { line: line % 30, character })) {
            const length = new Lines(text).line(range.start.line).length;
            expect(range.start.character).toBeLessThanOrEqual(range.end.character);
            expect(range.end.character).toBeLessThanOrEqual(length);
          }
          hover(text, { line: line % 30, character });
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('hover', () => {
  it('says what a field does, takes and has', () => {
    const { text, position } = at(SAMPLE.replace('n_embd: 128', 'n_em|bd: 128'));
    const found = hover(text, position);
    expect(found?.markdown).toContain('**Width**');
    expect(found?.markdown).toContain('Default: `768`');
    expect(found?.markdown).toContain('Now: `128`');
    expect(
      applyEdits(text, [{ range: found?.range ?? { start: position, end: position }, newText: 'x' }]),
    ).toContain('  x: 128');
  });

  it('explains both kinds of model on model_type, and sections on their name', () => {
    const kinds = at(SAMPLE.replace('model_type', 'model_|type'));
    expect(hover(kinds.text, kinds.position)?.markdown).toMatch(/GPT-2.*Llama/s);
    const section = at(SAMPLE.replace('training:', 'trai|ning:'));
    expect(hover(section.text, section.position)?.markdown).toContain('How the model is trained');
    const tokenizer = at('data:\n  tokenizer: { ty|pe: bpe }\n');
    const said = hover(tokenizer.text, tokenizer.position)?.markdown ?? '';
    expect(new Set(said.match(/(?<=`(?:char|bpe|file)`: ).*/g)).size).toBe(3);
    const half = at('training:\n  dty|pe: float16\n');
    expect(hover(half.text, half.position)?.markdown).toMatch(
      /`float16`: two bytes for activations.*`bfloat16`: not for training yet.*Now: `float16`/s,
    );
    expect(hover('nothing: 3', { line: 0, character: 2 })).toBeNull();
  });
});

describe('the catalogue', () => {
  it('is JSON Schema with what editors show', () => {
    const schema = toJsonSchema() as { properties: Record<string, { properties?: Record<string, unknown> }> };
    expect(schema.properties.training?.properties?.learning_rate).toMatchObject({
      title: 'Learning rate',
      default: 1e-3,
      exclusiveMinimum: 0,
    });
  });

  it('asks in JSON Schema for no more than the reader does', () => {
    const { properties } = toJsonSchema() as {
      properties: Record<string, { oneOf?: { required?: string[] }[] }>;
    };
    expect(readConfig('model: { n_embd: 96 }').diagnostics).toEqual([]);
    expect(properties['model']?.oneOf?.map(({ required }) => required)).toEqual([[], ['model_type']]);
  });

  it('describes every field: title, description, and a default or an example', () => {
    const seen: string[] = [];
    const visit = (info: typeof catalogue): void => {
      if (info.path.length > 0 && !/^\d+$/.test(info.name)) {
        seen.push(info.path.join('.'));
        expect(info.title, info.path.join('.')).not.toBe(info.name);
        if (info.kind !== 'option' || info.options.length > 1)
          expect(info.description.length).toBeGreaterThan(15);
      }
      for (const field of [...info.fields.values(), ...info.variants.values()]) visit(field);
    };
    visit(catalogue);
    expect(seen).toContain('model.rope_theta');
    expect(new Set(seen).size).toBeGreaterThan(60);
  });

  it('finds fields by path and variant', () => {
    expect(fieldAt(['model', 'hidden_size'], () => 'llama')?.standard).toBe(4096);
    expect(fieldAt(['model', 'hidden_size'], () => null)).toBeUndefined();
    const model = catalogue.fields.get('model');
    expect(model && [...fieldsOf(model, 'unheard of').keys()]).toEqual(['model_type']);
  });
});
