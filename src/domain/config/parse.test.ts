import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits } from './edit.ts';
import { MOST_CHARACTERS, parseText } from './parse.ts';

const codes = (text: string) => parseText(text).problems.map(({ code }) => code);
/** What this thread has computed, however long it waited for a processor. */
const computedMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
const keys = (text: string) => parseText(text).root.entries.map(({ key }) => key);

describe('parseText', () => {
  it('keeps offsets, also behind a BOM and with CRLF', () => {
    const text = '\uFEFFmodel:\r\n  n_embd: 128 # wide\r\n';
    const [model] = parseText(text).root.entries;
    expect(text.slice(model?.keyStart, model?.keyEnd)).toBe('model');
    const inner = model?.value.kind === 'map' ? model.value.entries[0] : undefined;
    expect(text.slice(inner?.value.start, inner?.value.end)).toBe('128');
  });

  it('reads the sections that are YAML where one is not', () => {
    const text = 'training:\n  prompt: "open\nmodel:\n  n_embd: 4\ndata: [1,\nsampling:\n  seed: 3\n';
    const parsed = parseText(text);
    expect(parsed.whole).toBe(false);
    expect(parsed.root.entries.map(({ key }) => key)).toEqual(['model', 'sampling']);
    expect(parsed.unread).toEqual(['training', 'data']);
    expect(parsed.problems.length).toBeGreaterThanOrEqual(2);
  });

  it.each([
    ['a NUL', 'training:\n  seed: 1 # \0\nmodel:\n  n_embd: 4\n'],
    ['bytes that are no UTF-8', 'project: "\uFFFD"\nmodel:\n  n_embd: 4\n'],
    ['a quote that is open', 'data:\n  source: "stories # the\nmodel:\n  n_embd: 4\n'],
    ['a brace that is open', 'data:\n  tokenizer: { type: bpe\nmodel:\n  n_embd: 4\n'],
    ['a line of garbage', 'model:\n  n_embd: 4\n@@@ garbage\ntraining:\n  seed: 1\n'],
    ['a second document', 'model:\n  n_embd: 4\n---\nfoo: 1\n'],
    ['a broken section, all indented', '  training:\n    seed: [1\n  model:\n    n_embd: 4\n'],
    ['braces that break off', '{ model: { n_embd: 4 }, training: { seed: 1, '],
    ['too much text behind it', `model:\n  n_embd: 4\nsampling:\n  prompt: ${'x'.repeat(MOST_CHARACTERS)}\n`],
  ])('reads the model beside %s', (_, text) => {
    const { root, whole, unread, adrift, problems } = parseText(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(whole).toBe(false);
    expect(unread).not.toContain('model');
    expect(root.entries.find(({ key }) => key === 'model')?.value).toMatchObject({
      entries: [{ key: 'n_embd', value: { value: 4 } }],
    });
    expect(adrift || root.entries.length > 0).toBe(true);
  });

  it('marks what is not closed where it was opened', () => {
    const marked = (text: string) => {
      const { problems, lines } = parseText(text);
      return problems.map(({ range }) => text.slice(lines.offset(range.start), lines.offset(range.end)));
    };
    expect(marked('a: 1\nb:\n  c: "open # on\n  d: 2\n')).toEqual(['"open']);
    expect(marked('b:\n  c: { x: 1, y: 2 # on\n  d: 2\ne: 1\n')).toEqual(['{ x: 1, y: 2']);
    expect(marked('b:\n  c: [1, 2\n')).toEqual(['[1, 2']);
    expect(marked('b:\n  c = 1\n  d: 2\n')).toEqual(['c = 1']);
  });

  it('closes what is not closed, unless something else in it may be what is open', () => {
    const fixes = (text: string) =>
      parseText(text).problems.flatMap((problem) =>
        problem.fixes.map(({ edits }) => applyEdits(text, edits)),
      );
    expect(fixes('b: { x: 1 # on\nc: 2\n')).toEqual(['b: { x: 1 } # on\nc: 2\n']);
    expect(fixes('a:\n  b: { x: 1, y[ # or { x: 2 }; or { z: 3\nmodel:\n  d: 2\n')).toEqual([]);
  });

  it('does not take what stands before a stray line for the whole section', () => {
    const text = 'model:\n  n_embd: 4\n\u00a0 n_head: 2\n  n_layer: 3\ntraining:\n  seed: 1\n';
    expect(parseText(text).unread).toEqual(['model']);
    expect(parseText('model:\n  n_embd: 4\n@n_head: 2\ntraining:\n  seed: 1\n').unread).toEqual(['model']);
    expect(parseText('model:\n  n_embd: 4\n@@@\ntraining:\n  seed: 1\n').unread).toEqual([]);
  });

  it('knows that a section may be buried in a broken one', () => {
    expect(parseText('project: x\rmodel:\r  n_embd: 4\r').buried).toContain('model');
  });

  it('ends values where their text ends, and tokens before the blank', () => {
    const text = 'a: |\n  128\nb:\n  - 1\nc: &x 5\nd: &y\n  e: 1\n';
    const { root, problems, lines } = parseText(text);
    const texts = root.entries.map(({ value }) => text.slice(value.start, value.end));
    expect(texts).toEqual(['|\n  128', '- 1', '5', 'e: 1']);
    const anchors = problems.map(({ range }) =>
      text.slice(lines.offset(range.start), lines.offset(range.end)),
    );
    expect(anchors).toEqual(['&x', '&y']);
    const fixed = applyEdits(
      text,
      problems.flatMap(({ fixes }) => fixes[0]?.edits ?? []),
    );
    expect(parseText(fixed).problems).toEqual([]);
  });

  it('refuses deep nesting at once', () => {
    const start = computedMs();
    for (const piece of ['[', '{ a: ', '- ', '? ']) {
      expect(parseText(`a: 1\nb: ${piece.repeat(10_000)}`).problems).toHaveLength(1);
    }
    expect(computedMs() - start).toBeLessThan(500);
  });

  it('refuses aliases, anchors, tags and other versions of YAML instead of following them', () => {
    expect(codes('a: &x 1\nb: *x\nc: !!str 5\n')).toEqual(Array(3).fill('ANN-CFG-005'));
    expect(codes('%YAML 1.1\n---\na: yes\n')).toEqual(['ANN-CFG-005']);
  });

  it('is not blown up by a billion laughs', () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) =>
        `l${i}: &l${i} [${Array(10)
          .fill(i === 0 ? 'ha' : `*l${i - 1}`)
          .join(', ')}]`,
    );
    const start = computedMs();
    expect(codes(levels.join('\n')).every((code) => code === 'ANN-CFG-005')).toBe(true);
    expect(computedMs() - start).toBeLessThan(2000);
  });

  it('explains what beginners get wrong, with a fix', () => {
    const titles = (text: string) => parseText(text).problems[0]?.fixes.map(({ title }) => title);
    expect(titles('a: 1\n\tb: 2\n')).toEqual(['Indent with spaces']);
    expect(titles('a:1\nb: 2\n')).toEqual(['Add a space']);
    expect(titles('n_embd = 5\nb: 2\n')).toEqual(['Use a colon']);
    expect(titles('training:\n  optim: adamw\n    seed: 3\n')).toEqual(['Align the line']);
    expect(titles('a: "x')).toEqual(['Close the quote']);
  });

  it('says what a file is that is no config', () => {
    expect(codes('')).toEqual([]);
    expect(codes('a: \0')).toEqual(['ANN-CFG-003']);
    expect(codes('x'.repeat(MOST_CHARACTERS + 1))).toEqual(['ANN-CFG-002']);
    expect(codes('a: 1\n---\nb: 2\n')).toEqual(['ANN-CFG-004']);
    expect(codes('- 1\n- 2\n')).toEqual(['ANN-CFG-001']);
    expect(keys('a: 1\na: 2\n')).toEqual(['a', 'a']);
  });

  it.each(['[', '{', '- ', '? ', '{a: ', '[a,', '&a ', '"', 'a: ', '*a '])(
    'survives %j over and over',
    (piece) => {
      const text = piece.repeat(Math.floor(MOST_CHARACTERS / piece.length));
      const { problems } = parseText(text);
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.length).toBeLessThanOrEqual(101);
      for (const { message } of problems) expect(message).not.toContain('call stack');
    },
  );

  it('takes any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const { problems, lines } = parseText(text);
        for (const { range } of problems) {
          expect(lines.position(lines.offset(range.start))).toEqual(range.start);
          expect(lines.position(lines.offset(range.end))).toEqual(range.end);
        }
      }),
      { numRuns: 500 },
    );
  });
});
