import { AnnealError, type ErrorFacts } from '../base/error.ts';

export { errorFactsSchema } from '../domain/error-facts.ts';

/** The error again, on the other side of a boundary. */
export function errorFromFacts(facts: ErrorFacts): AnnealError {
  return new AnnealError(facts);
}
