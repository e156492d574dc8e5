import type { ErrorFacts } from '../../base/error.ts';
import type { ArtifactStore, Sha256 } from '../../domain/artifacts/ports.ts';
import { decodeText } from '../../domain/data/decode.ts';
import { dataErrors } from '../../domain/data/errors.ts';
import { inspectText, type TextFacts } from '../../domain/data/inspect.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import { collect, once } from './artifacts.ts';

/** A text that is kept here, and what it is made of. */
export interface KeptText {
  readonly sha256: Sha256;
  readonly bytes: number;
  readonly facts: TextFacts;
  /** What was changed on the way in, such as line ends. */
  readonly notices: readonly ErrorFacts[];
}

/**
 * Keeps a file's bytes as the text that will be trained on: well formed, LF, no byte-order mark. Throws
 * ANN-DAT where they are no text, ANN-STO where they cannot be kept.
 */
export async function takeText(
  artifacts: ArtifactStore,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<KeptText> {
  const decoded = decodeText(bytes, name);
  if (!decoded.ok) throw decoded.error;
  const { text, notices } = decoded.value;
  if (text.trim() === '')
    throw dataErrors.empty({ where: name, message: 'There is nothing but white space in it.' });
  const { sha256, bytes: size } = await artifacts.put(once(new TextEncoder().encode(text)));
  return { sha256, bytes: size, facts: inspectText(text), notices };
}

/** Looks at a text that is kept here. Throws ANN-RUN-006 where it is not, ANN-DAT where it is no text. */
export async function inspectKept(artifacts: ArtifactStore, name: string, sha256: Sha256): Promise<KeptText> {
  const stream = await artifacts.open(sha256);
  if (stream === null) throw runErrors.missingData({ where: name, data: { sha256 } });
  const bytes = await collect(stream);
  const decoded = decodeText(bytes, name);
  if (!decoded.ok) throw decoded.error;
  const { text, notices } = decoded.value;
  return { sha256, bytes: bytes.byteLength, facts: inspectText(text), notices };
}
