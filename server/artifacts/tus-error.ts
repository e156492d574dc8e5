import { AnnealError, toAnnealError } from '../../src/base/error.ts';
import { errorFactsSchema } from '../../src/domain/error-facts.ts';
import { protocolErrors, statusOfCode } from '../../src/protocol/errors.ts';

/** What tus answers with, as every other address does. */
export function asTus(thrown: unknown): { status_code: number; body: string } {
  const error = thrown instanceof AnnealError ? thrown : fromTus(thrown);
  return { status_code: statusOfCode(error.code), body: JSON.stringify(error) };
}

/** What `asTus` made of an error. */
export function asAnneal(body: string): AnnealError {
  const facts = errorFactsSchema.safeParse(JSON.parse(body));
  return facts.success ? new AnnealError(facts.data) : protocolErrors.internal({ message: body });
}

function fromTus(thrown: unknown): AnnealError {
  if (typeof thrown === 'object' && thrown !== null && 'status_code' in thrown && 'body' in thrown) {
    const message = String(thrown.body).trim();
    if (message.startsWith('{')) return asAnneal(message);
    switch (thrown.status_code) {
      case 400: // another request took its place
        return protocolErrors.uploadBusy({ message });
      case 403:
        return protocolErrors.badRequest({ message });
      case 404:
      case 410:
        return protocolErrors.uploadNotFound();
      case 409:
        return protocolErrors.uploadConflict();
      case 413:
        return protocolErrors.tooLarge({ message });
    }
  }
  return toAnnealError(thrown, protocolErrors.internal);
}
