import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Scope, scopes } from '../../src/domain/access/roles.ts';
import { errorFactsSchema } from '../../src/domain/error-facts.ts';
import type { Operation } from '../../src/protocol/http/operation.ts';
import { type OperationId, operations } from '../../src/protocol/http/operations.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { calls, freshProject, pathOf, type Sample } from '../testing/calls.ts';
import { testServer } from '../testing/fixture.ts';
import { ownerOf } from '../testing/people.ts';

const CASES = 10_000;
/** So many at once. */
const TOGETHER = 10;
const SECONDS = 240;

type Json = unknown;
type Spoilt = Sample & { readonly raw: Uint8Array; readonly type: string };
/** What, how, and whether with a key. */
type Odd = [OperationId, Spoilt, boolean];

const odd = fc.constantFrom<Json>(
  null,
  '',
  '\u0000',
  '\ud800',
  '..',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  "'; drop table users; --",
  -1,
  0.5,
  1e308,
  2 ** 53,
  true,
  [],
  {},
  Array.from({ length: 2000 }, () => 0),
  'x'.repeat(8_000),
);
const junk: fc.Arbitrary<Json> = fc.oneof(odd, fc.jsonValue({ maxDepth: 4 }));

/** What is there with something else at one place; without a place, something else altogether. */
function replaced(value: Json, [first, ...rest]: readonly number[], by: Json): Json {
  if (first === undefined || typeof value !== 'object' || value === null) return by;
  if (Array.isArray(value)) {
    if (value.length === 0) return [by];
    const at = first % value.length;
    return value.map((item, index) => (index === at ? replaced(item, rest, by) : item));
  }
  const keys = Object.keys(value);
  const key = keys[first % (keys.length + 1)] ?? 'surplus';
  const inner = (value as Record<string, Json>)[key];
  return { ...value, [key]: inner === undefined ? by : replaced(inner, rest, by) };
}

/** The bytes of a body: whole or cut off, or no JSON at all. */
const bodyOf = (sample: Json): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 6, arbitrary: changed(sample).map((value) => Buffer.from(JSON.stringify(value) ?? '')) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(changed(sample), fc.nat(200))
        .map(([value, length]) => Buffer.from((JSON.stringify(value) ?? '').slice(0, length))),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('['.repeat(10_000), '{"__proto__":{"admin":true}}', '1e999', '\ufeff{}')
        .map((text) => Buffer.from(text)),
    },
  );
const changed = (sample: Json): fc.Arbitrary<Json> =>
  fc.tuple(fc.array(fc.nat(9), { maxLength: 4 }), junk).map(([path, by]) => replaced(sample, path, by));

const types = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/octet-stream',
  'multipart/form-data; boundary=x',
  '',
);

/** A request like the sample, with something wrong about it more often than not. */
function spoilt(sample: Sample): fc.Arbitrary<Spoilt> {
  const words = fc.oneof(
    odd.map((value) => String(value).slice(0, 1000)),
    fc.string({ unit: 'binary', maxLength: 80 }),
  );
  const mostly = (values: Readonly<Record<string, string>>): fc.Arbitrary<Record<string, string>> =>
    fc.record(
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [
          name,
          fc.oneof(
            { weight: 3, arbitrary: fc.constant(value) },
            { weight: 1, arbitrary: words.filter((word) => word !== '') },
          ),
        ]),
      ),
    );
  return fc.record({
    params: mostly(sample.params ?? {}),
    query: fc.oneof(
      mostly(sample.query ?? {}),
      fc.dictionary(fc.string({ maxLength: 12 }), words, { maxKeys: 3 }),
    ),
    headers: mostly(sample.headers ?? {}).map((headers) =>
      Object.fromEntries(Object.entries(headers).filter(isHeader)),
    ),
    raw: bodyOf(sample.body),
    type: fc.oneof({ weight: 5, arbitrary: fc.constant('application/json') }, types),
  });
}

const isHeader = ([, value]: [string, string]): boolean => /^[\x21-\x7e]{1,200}$/.test(value);

test(
  'whatever is sent to whichever operation, the answer is one of ours and the server lives',
  async () => {
    const lines: string[] = [];
    const server = await testServer({ auth: 'on', log: (line) => lines.push(line) });
    const owner = await ownerOf(server);
    const all = Object.keys(scopes) as Scope[];
    const { secret } = await owner.get<{ secret: string }>('POST', '/workspaces/home/keys', {
      name: 'fuzz',
      scopes: all,
    });
    const ids = Object.keys(operations) as OperationId[];
    const samples = new Map<OperationId, Sample>();
    for (const id of ids) {
      const project = await freshProject(owner, 'home');
      samples.set(id, await calls[id]({ owner, caller: owner, workspace: 'home', project }));
    }
    const request = fc
      .constantFrom(...ids)
      .chain((id) => fc.tuple(fc.constant(id), spoilt(samples.get(id) ?? {}), fc.boolean()));
    const send = async ([id, sample, signedIn]: Odd): Promise<void> => {
      const operation: Operation = operations[id];
      const { method } = operation;
      const body = method === 'GET' || method === 'HEAD' ? null : new Uint8Array(sample.raw);
      const response = await fetch(`${server.url}${API_PREFIX}${safePath(operation, sample)}`, {
        method,
        headers: {
          ...(sample.type === '' ? {} : { 'content-type': sample.type }),
          ...sample.headers,
          ...(signedIn ? { authorization: `Bearer ${secret}` } : {}),
        },
        body,
      });
      const text = await response.text();
      expect([id, response.status < 500]).toEqual([id, true]);
      if (response.status < 400 || text === '') return;
      expect(errorFactsSchema.parse(JSON.parse(text)).fix).toBeTruthy();
    };
    const together = fc.array(request, { minLength: TOGETHER, maxLength: TOGETHER });
    await fc.assert(
      fc.asyncProperty(together, async (requests) => {
        await Promise.all(requests.map(send));
      }),
      { numRuns: CASES / TOGETHER }, // a failure prints its seed
    );
    expect(lines).toEqual([]);
    expect((await fetch(`${server.url}${API_PREFIX}/health`)).status).toBe(200);
    expect((await owner.session()).principal).toMatchObject({ name: 'Olive' });
  },
  SECONDS * 1000,
);

/** Half characters cannot stand in an address. */
function safePath(operation: Operation, { params = {}, query = {} }: Sample): string {
  const well = (values: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
    );
  return pathOf(operation, { params: well(params), query: well(query) });
}
