import { expect, test } from 'vitest';
import { runPart } from './run-part.ts';

test('a part that cannot be measured says why', async () => {
  const lines: string[] = [];
  const part = runPart({ command: 'step --preset huge' }, 240_000, (line) => lines.push(line));
  await expect(part).rejects.toThrow(/^It ended with 2: /);
  expect(lines.join('\n')).toContain('small, medium, gpu');
}, 300_000);

test('a part that does not end is ended', async () => {
  await expect(runPart({ command: 'decode' }, 500, () => {})).rejects.toThrow('It was not over');
});
