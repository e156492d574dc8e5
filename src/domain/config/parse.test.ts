import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_CHARACTERS, parseText } from './parse.ts';

const codes = (text: string) => parseText(text).problems.map(({ code }) => code);
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
    const start = performance.now();
    expect(codes(levels.join('\n')).every((code) => code === 'ANN-CFG-005')).toBe(true);
    expect(performance.now() - start).toBeLessThan(2000);
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
