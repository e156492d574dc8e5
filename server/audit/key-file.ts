import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { serverErrors } from '../errors.ts';

/** The file of heads lies beside the key, and so does the public half for whoever only verifies. */
export const headsFileOf = (keyFile: string): string => `${keyFile}.heads`;
export const publicFileOf = (keyFile: string): string => `${keyFile}.pub`;

/**
 * Reads the Ed25519 key (PEM), or makes one together with an empty file of heads.
 * Errors: auditKeyUnusable, also where the key is there and the file of heads is not: it was taken away.
 */
export async function openKeyFile(keyFile: string): Promise<KeyObject> {
  try {
    const pem = await readIfThere(keyFile);
    if (pem === null) return await createKeyFile(keyFile);
    const key = asEd25519(createPrivateKey(pem));
    await stat(headsFileOf(keyFile));
    return key;
  } catch (cause) {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    throw serverErrors.auditKeyUnusable({
      where: keyFile,
      message: `${serverErrors.auditKeyUnusable.title}${why}`,
      cause,
    });
  }
}

/** The private or the public half, whichever file is named or lies beside it. Errors: auditKeyUnusable. */
export async function readVerifyingKey(keyFile: string): Promise<KeyObject> {
  try {
    const pem = (await readIfThere(publicFileOf(keyFile))) ?? (await readFile(keyFile, 'utf8'));
    return asEd25519(createPublicKey(pem));
  } catch (cause) {
    throw serverErrors.auditKeyUnusable({ where: keyFile, cause });
  }
}

async function createKeyFile(keyFile: string): Promise<KeyObject> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
  await writeFile(headsFileOf(keyFile), '', { flag: 'a', mode: 0o600 });
  await writeFile(publicFileOf(keyFile), publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o644 });
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { flag: 'wx', mode: 0o600 });
  return privateKey;
}

function asEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('it is no Ed25519 key');
  return key;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
