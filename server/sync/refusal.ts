import { AnnealError } from '../../src/base/error.ts';
import { CloseCode } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import { MalformedBytes } from './cursor.ts';
import type { Refusal } from './guest.ts';
import { MissingParts } from './update-checks.ts';

/** What only an editor may send came from somebody else. */
export class Forbidden extends Error {}

const { malformedUpdate, hostileUpdate, wrongContent } = serverErrors;
const refusedUpdates: ReadonlySet<string> = new Set([
  malformedUpdate.code,
  hostileUpdate.code,
  wrongContent.code,
]);

/** With which code a socket is closed whose frame led to this. */
export function refusalOf(error: unknown): Refusal {
  const reason = error instanceof Error ? error.message : String(error);
  const code = error instanceof AnnealError ? error.code : null;
  if (error instanceof Forbidden)
    return { code: CloseCode.forbidden, reason: 'Your role does not allow to edit this' };
  if (error instanceof MalformedBytes) return { code: CloseCode.badRequest, reason };
  if (error instanceof MissingParts) return { code: CloseCode.resync, reason };
  if (code === serverErrors.documentReplaced.code) return { code: CloseCode.resync, reason };
  if (code === serverErrors.rotatedUpdate.code) return { code: CloseCode.rotated, reason };
  if (code === serverErrors.documentTooLarge.code) return { code: CloseCode.tooLarge, reason };
  if (code !== null && refusedUpdates.has(code)) return { code: CloseCode.refusedUpdate, reason };
  return { code: CloseCode.notStored, reason };
}

/** The reason of a close frame has at most 123 bytes. */
export function clip(reason: string): string {
  let text = reason.slice(0, 120);
  while (Buffer.byteLength(text) > 120) text = text.slice(0, -1);
  return text;
}
