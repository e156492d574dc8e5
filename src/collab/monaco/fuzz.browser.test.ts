import { expect, test } from 'vitest';
import { Random } from '../../base/random.ts';
import { makeReplica, Network, type Replica, seedOf } from '../testing/replica.ts';

/**
 * Several people with real Monaco editors do anything at all, online and offline; at the end all texts and all
 * models are equal. A failure prints its seed: put it into SEEDS to see it again.
 */
const SEEDS: readonly number[] = [1, 2, 1316987764];
const FRESH = 12;
const STEPS = 120;

const SNIPPETS = [
  'a',
  'Zz',
  '\n',
  '  ',
  'n_head: 4\n',
  '\r\n',
  'x\r',
  '😀',
  '👩‍👩‍👧',
  'é',
  '\ud83d',
  '日本語',
  '"',
  '{',
  ': ',
  '\t',
  '\0',
];

function act(replica: Replica, random: Random): void {
  const { model, editor, text } = replica;
  const place = (): number => random.below(text.length + 1);
  const kind = random.below(12);
  if (kind < 3) replica.type(random.pick(SNIPPETS));
  else if (kind === 3) replica.paste(random.pick(SNIPPETS) + random.pick(SNIPPETS));
  else if (kind === 4) replica.select(place());
  else if (kind === 5) replica.select(place(), place());
  else if (kind === 6) editor.trigger('keyboard', random.pick(['deleteLeft', 'deleteRight', 'cut']), null);
  else if (kind === 7) {
    editor.setSelections(
      [place(), place()].map((at) => {
        const { lineNumber, column } = model.getPositionAt(at);
        return {
          selectionStartLineNumber: lineNumber,
          selectionStartColumn: 1,
          positionLineNumber: lineNumber,
          positionColumn: column,
        };
      }),
    );
  } else if (kind < 10) void model.undo();
  else if (kind === 10) void model.redo();
  else {
    // An edit from a program: several ranges at once, as a quick fix makes.
    const line = 1 + random.below(model.getLineCount());
    const lines = line === model.getLineCount() ? [line] : [line, line + 1];
    editor.executeEdits(
      'fuzz',
      lines.map((one) => ({
        range: {
          startLineNumber: one,
          startColumn: 1,
          endLineNumber: one,
          endColumn: model.getLineMaxColumn(one),
        },
        text: random.pick(SNIPPETS),
      })),
    );
  }
}

function run(seed: number): void {
  const random = new Random(seed);
  const content = seedOf('project: stories\nmodel:\n  n_embd: 128 # 😀\n  n_head: 4\n');
  const replicas = Array.from({ length: 2 + random.below(3) }, (_, i) => makeReplica(`r${i}`, content));
  const network = new Network(replicas);
  const online = replicas.map(() => true);
  for (let step = 0; step < STEPS; step++) {
    const who = random.below(replicas.length);
    const replica = replicas[who];
    if (replica === undefined) continue;
    act(replica, random);
    // What others sent and what this one did: model and text are one at every step, not only at the end.
    expect(replica.model.getValue(), `model and text of r${who} after step ${step}`).toBe(
      replica.text.toString(),
    );
    if (random.below(15) === 0) online[who] = !online[who];
    const to = random.below(replicas.length);
    if (online[to]) network.deliver(to, 1 + random.below(4));
  }
  network.deliverAll();
  const [first] = replicas;
  for (const [index, { text, model, binding }] of replicas.entries()) {
    expect(text.toString(), `text of r${index}`).toBe(first?.text.toString());
    expect(model.getValue(), `model of r${index}`).toBe(text.toString());
    expect(text.toString()).not.toMatch(/[\r\0]/);
    expect(text.toString().isWellFormed()).toBe(true);
    expect(binding.repairs, `repairs of r${index}`).toBe(0);
  }
  for (const replica of replicas) replica.dispose();
}

test('replicas converge, and every model is its text, whatever people do', () => {
  const fresh = Array.from({ length: FRESH }, () => Math.floor(Math.random() * 2 ** 31));
  for (const seed of [...SEEDS, ...fresh]) {
    try {
      run(seed);
    } catch (thrown) {
      throw new Error(`Fuzz seed ${seed}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
        cause: thrown,
      });
    }
  }
});
