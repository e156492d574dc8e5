import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignColours, PERSON_COLOURS } from './colours.ts';

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG 2.2, contrast ratio. */
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

test('every colour can be read: as label with its text, and as caret on its surface', () => {
  for (const { name, light, dark } of PERSON_COLOURS) {
    expect(contrast(light, '#ffffff'), `${name} on white`).toBeGreaterThan(4.5);
    expect(contrast(dark, '#000000'), `${name} under black text`).toBeGreaterThan(4.5);
    expect(contrast(dark, '#14161c'), `${name} on the dark surface`).toBeGreaterThan(4.5);
  }
});

test('up to twelve people all differ, and everybody sees the same', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 12 }), (ids) => {
      const colours = assignColours(ids);
      expect(new Set(colours.values()).size).toBe(ids.length);
      expect(assignColours([...ids].reverse())).toEqual(colours);
    }),
  );
});

test('a thirteenth person still gets a colour', () => {
  const ids = Array.from({ length: 40 }, (_, i) => `person ${i}`);
  expect(assignColours(ids).size).toBe(40);
});
