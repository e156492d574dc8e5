import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type Argon2Input, argon2id } from './argon2.ts';

/** OWASP's second choice of equal strength: 19 MiB, two passes, one lane. Kept with each password. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const TAG_BYTES = 32;
/** Each takes 19 MiB and a core: more at once would slow everybody. */
const AT_ONCE = 2;

let running = 0;
const waiting: (() => void)[] = [];

async function derive(input: Argon2Input): Promise<Uint8Array> {
  if (running >= AT_ONCE) await new Promise<void>((go) => waiting.push(go));
  else running++;
  try {
    return await argon2id(input);
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
/** The same characters typed on another keyboard are the same password. */
const bytesOf = (password: string): Uint8Array => Buffer.from(password.normalize('NFKC'));

/** As `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, so that the cost can grow and old ones still be read. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const tag = await derive({ password: bytesOf(password), salt, ...COST, tagBytes: TAG_BYTES });
  const { memory, passes, parallelism } = COST;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
}

/** Without a hash (nobody has this name) it takes as long and says no: the time tells nothing about names. */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(
    hash ?? '',
  );
  const [, memory, passes, parallelism, salt = '', tag = ''] = match ?? [];
  const expected = Buffer.from(tag, 'base64');
  const actual = await derive({
    password: bytesOf(password),
    salt: match === null ? Buffer.alloc(16) : Buffer.from(salt, 'base64'),
    memory: Number(memory ?? COST.memory),
    passes: Number(passes ?? COST.passes),
    parallelism: Number(parallelism ?? COST.parallelism),
    tagBytes: match === null ? TAG_BYTES : expected.length,
  });
  return match !== null && timingSafeEqual(actual, expected);
}
