import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type AuditEntry,
  type AuditFacts,
  type ChainEnd,
  EMPTY_CHAIN,
  hashOfEntry,
  nextEntry,
} from './chain.ts';
import { type Head, headLine, readHeads } from './heads.ts';
import { verifyAudit } from './verify.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');

const factsOf = (n: number): AuditFacts => ({
  at: 1_700_000_000_000 + n,
  workspace: n % 3 === 0 ? null : 'home',
  actor: `user:u${n % 4}`,
  name: n % 2 === 0 ? 'Olive' : null,
  action: 'renameProject',
  target: `project=p${n}`,
  outcome: n % 5 === 0 ? 'ANN-PRO-031' : 'done',
  detail: `{"n":${n}}`,
});

function chainOf(length: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  let end: ChainEnd = EMPTY_CHAIN;
  for (let n = 1; n <= length; n++) {
    const entry = nextEntry(end, factsOf(n));
    entries.push(entry);
    end = entry;
  }
  return entries;
}

/** The file of heads that a server leaves that signed after these entries. */
function headsOf(entries: readonly AuditEntry[], signedAt: readonly number[]): string {
  const heads = signedAt.map((seq, i): Head => {
    const hash = entries[seq - 1]?.hash ?? EMPTY_CHAIN.hash;
    return { number: i + 1, kind: 'head', seq, hash, at: 1_700_000_001_000 };
  });
  return heads.map((head) => headLine(head, privateKey)).join('');
}

async function* from(entries: readonly AuditEntry[]): AsyncGenerator<AuditEntry> {
  yield* entries;
}

const verdictOf = (entries: readonly AuditEntry[], heads: string) =>
  verifyAudit(from(entries), [readHeads(heads, publicKey)]);

/** A log, and entries after which it was signed; the last one always. */
const logs = fc.integer({ min: 1, max: 30 }).chain((length) =>
  fc.record({
    length: fc.constant(length),
    signedAt: fc
      .uniqueArray(fc.integer({ min: 1, max: length }), { maxLength: 5 })
      .map((some) => [...new Set([...some, length])].sort((a, b) => a - b)),
  }),
);

test('a log that nobody touched is whole', async () => {
  await fc.assert(
    fc.asyncProperty(logs, async ({ length, signedAt }) => {
      const entries = chainOf(length);
      expect(await verdictOf(entries, headsOf(entries, signedAt))).toEqual({
        entries: length,
        signedUpTo: length,
        heads: signedAt.length,
        findings: [],
        notes: [],
      });
    }),
  );
});

const fields = [
  'at',
  'workspace',
  'actor',
  'name',
  'action',
  'target',
  'outcome',
  'detail',
  'previous',
] as const;

test('an entry of which anything was changed is named', async () => {
  await fc.assert(
    fc.asyncProperty(
      logs,
      fc.nat(),
      fc.constantFrom(...fields),
      async ({ length, signedAt }, pick, field) => {
        const entries = chainOf(length);
        const heads = headsOf(entries, signedAt);
        const at = pick % length;
        const entry = entries[at] as AuditEntry;
        entries[at] = { ...entry, [field]: field === 'at' ? entry.at + 1 : `${entry[field]}x` };
        const [finding] = (await verdictOf(entries, heads)).findings;
        expect(finding).toMatchObject({ kind: 'changed', seq: at + 1 });
      },
    ),
  );
});

test('an entry that was changed together with its hash does not fit to the next one, or to what was signed', async () => {
  await fc.assert(
    fc.asyncProperty(logs, fc.nat(), async ({ length, signedAt }, pick) => {
      const entries = chainOf(length);
      const heads = headsOf(entries, signedAt);
      const at = pick % length;
      const changed = { ...(entries[at] as AuditEntry), target: 'project=other' };
      entries[at] = { ...changed, hash: hashOfEntry(changed) };
      const { findings, signedUpTo } = await verdictOf(entries, heads);
      expect([at + 1, at + 2]).toContain(findings[0]?.seq);
      expect(signedUpTo).toBeLessThanOrEqual(at);
    }),
  );
});

test('a log that was written anew from somewhere on is not the one that was signed', async () => {
  await fc.assert(
    fc.asyncProperty(logs, fc.nat(), async ({ length, signedAt }, pick) => {
      const entries = chainOf(length);
      const heads = headsOf(entries, signedAt);
      const at = pick % length;
      let end: ChainEnd = entries[at - 1] ?? EMPTY_CHAIN;
      for (let i = at; i < length; i++) {
        const entry = nextEntry(end, { ...factsOf(i + 1), actor: 'user:somebody-else' });
        entries[i] = entry;
        end = entry;
      }
      const [finding] = (await verdictOf(entries, heads)).findings;
      const next = signedAt.find((seq) => seq > at) ?? 0;
      expect(finding).toMatchObject({ kind: 'head', seq: next });
      const before = signedAt.findLast((seq) => seq <= at) ?? 0;
      expect(finding?.message).toContain(`from ${before + 1} to ${next}`);
    }),
  );
});

test('entries that were removed are named; at the end what was signed tells', async () => {
  await fc.assert(
    fc.asyncProperty(logs, fc.nat(), fc.nat(), async ({ length, signedAt }, a, b) => {
      const entries = chainOf(length);
      const heads = headsOf(entries, signedAt);
      const first = a % length;
      const count = 1 + (b % (length - first));
      entries.splice(first, count);
      const [finding] = (await verdictOf(entries, heads)).findings;
      const kind = first + count === length ? 'cut' : 'removed';
      expect(finding).toMatchObject({ kind, seq: first + 1 });
    }),
  );
});

test('entries that were removed and the rest renumbered and chained anew are missed', async () => {
  await fc.assert(
    fc.asyncProperty(logs, fc.nat(), async ({ length, signedAt }, pick) => {
      const entries = chainOf(length);
      const heads = headsOf(entries, signedAt);
      const rest = entries.filter((_, i) => i !== pick % length);
      let end: ChainEnd = EMPTY_CHAIN;
      const chained = rest.map((entry) => {
        const next = nextEntry(end, entry);
        end = next;
        return next;
      });
      expect((await verdictOf(chained, heads)).findings.length).toBeGreaterThan(0);
    }),
  );
});

test('entries that changed places are found, whatever of them was exchanged', async () => {
  const two = fc.tuple(fc.nat(), fc.nat(), fc.boolean());
  await fc.assert(
    fc.asyncProperty(logs, two, async ({ length, signedAt }, [a, b, numbers]) => {
      fc.pre(length > 1);
      const entries = chainOf(length);
      const heads = headsOf(entries, signedAt);
      const i = a % length;
      const j = (i + 1 + (b % (length - 1))) % length;
      const [x, y] = [entries[i] as AuditEntry, entries[j] as AuditEntry];
      entries[i] = numbers ? { ...y, seq: x.seq } : y;
      entries[j] = numbers ? { ...x, seq: y.seq } : x;
      const [finding] = (await verdictOf(entries, heads)).findings;
      expect(finding?.seq).toBe(Math.min(i, j) + 1);
    }),
  );
});

test('an entry that was put in, or doubled, is found', async () => {
  await fc.assert(
    fc.asyncProperty(logs, fc.nat(), fc.boolean(), async ({ length, signedAt }, pick, doubled) => {
      const entries = chainOf(length);
      const heads = headsOf(entries, signedAt);
      const at = pick % length;
      const before = entries[at - 1] ?? EMPTY_CHAIN;
      entries.splice(at, 0, doubled ? (entries[at] as AuditEntry) : nextEntry(before, factsOf(99)));
      expect((await verdictOf(entries, heads)).findings.length).toBeGreaterThan(0);
    }),
  );
});

test('signed heads that were changed, made with another key or taken out from between are found', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom('hash', 'seq', 'key', 'gone'), async (pick, how) => {
      const entries = chainOf(12);
      const lines = headsOf(entries, [3, 6, 9, 12]).split('\n').slice(0, -1);
      const at = pick % (how === 'gone' ? 3 : 4); // the last one of them is what nobody misses
      const head = JSON.parse(lines[at] ?? '') as Head & { readonly signature: string };
      if (how === 'gone') lines.splice(at, 1);
      else if (how === 'key') lines[at] = headLine(head, other.privateKey).trim();
      else if (how === 'seq') lines[at] = JSON.stringify({ ...head, seq: head.seq + 1 });
      else lines[at] = JSON.stringify({ ...head, hash: 'f'.repeat(64) });
      const { findings } = await verdictOf(entries, `${lines.join('\n')}\n`);
      expect(findings[0]).toMatchObject({ kind: 'head' });
    }),
  );
});

test('a line of the heads that a power cut tore is no fault', async () => {
  const entries = chainOf(4);
  const [first = '', second = ''] = headsOf(entries, [2, 4]).split('\n');
  const { findings, notes } = await verdictOf(entries, `${first}\n${second.slice(0, 40)}\n${second}\n`);
  expect([findings, notes]).toEqual([[], []]);
});

test('what has not been signed yet is said, and a log of which nothing is signed is no log', async () => {
  const entries = chainOf(5);
  const some = await verdictOf(entries, headsOf(entries, [3]));
  expect(some.findings).toEqual([]);
  expect(some.notes).toEqual([
    'Entries 4 to 5 have not been signed yet: nobody could tell if they were cut off',
  ]);
  expect((await verdictOf(entries, '')).findings).toMatchObject([{ kind: 'unsigned', seq: 1 }]);
});

test('a restore that was signed explains what is missing since, and nothing before', async () => {
  const entries = chainOf(10);
  const heads = headsOf(entries, [4, 10]);
  const cut = entries.slice(0, 6);
  const restored = {
    number: 3,
    kind: 'restored',
    seq: 6,
    hash: cut[5]?.hash ?? '',
    at: 1_700_000_002_000,
  } as const;
  expect((await verdictOf(cut, heads)).findings).toMatchObject([{ kind: 'cut', seq: 7 }]);
  const after = await verdictOf(cut, heads + headLine(restored, privateKey));
  expect(after.findings).toEqual([]);
  expect(after.notes).toEqual([
    'A backup that ends with entry 6 was restored 2023-11-14T22:13:22.000Z: entries 7 to 10 went with it',
  ]);
  const shorter = await verdictOf(cut.slice(0, 5), heads + headLine(restored, privateKey));
  expect(shorter.findings).toMatchObject([{ kind: 'cut', seq: 6 }]);
});

test('servers that share a log sign with a key each, and either misses what was cut', async () => {
  const entries = chainOf(8);
  const mine = readHeads(headsOf(entries, [2, 5]), publicKey);
  const line = { number: 1, kind: 'head', seq: 8, hash: entries[7]?.hash ?? '', at: 0 } as const;
  const theirs = readHeads(headLine(line, other.privateKey), other.publicKey);
  expect(await verifyAudit(from(entries), [mine, theirs])).toMatchObject({ findings: [], signedUpTo: 8 });
  const { findings } = await verifyAudit(from(entries.slice(0, 6)), [mine, theirs]);
  expect(findings).toMatchObject([{ kind: 'cut', seq: 7 }]);
});
