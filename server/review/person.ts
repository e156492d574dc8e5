import { protocolErrors } from '../../src/protocol/errors.ts';
import type { ReviewPerson } from '../../src/protocol/review.ts';
import { type Principal, personIdOf } from '../access/principal.ts';

const MAX_NAME = 64;

/** Who says something. With sign-in off everybody says himself who he is; else nobody can pass for another. */
export function personOf(principal: Principal, as: ReviewPerson | undefined): ReviewPerson {
  if (principal.kind === 'local') {
    if (as === undefined)
      throw protocolErrors.badRequest({ message: 'Sign-in is off: say who says it', where: 'as' });
    return as;
  }
  const name = (principal.name ?? '').trim().slice(0, MAX_NAME).toWellFormed();
  return { id: personIdOf(principal), name: name === '' ? 'Somebody' : name };
}
