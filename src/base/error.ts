/**
 * Errors are values with a code. Each layer declares its own with `defineErrors`; the index of all of
 * them is generated from those declarations, so that the editor, the CLI, the API and the docs agree.
 */

/** Such as ANN-CFG-012: the area in capitals, then three digits that are never given twice. */
export type ErrorCode = `ANN-${string}-${string}`;

export interface ErrorFacts {
  readonly code: ErrorCode;
  /** What is wrong, in a sentence that a newcomer understands. */
  readonly message: string;
  /** The place: a field, a file, a row, an address. */
  readonly where?: string;
  /** What to do about it. */
  readonly fix: string;
  /** Figures a caller may act on; JSON only. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export class AnnealError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly fix: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(facts: ErrorFacts, options?: { readonly cause?: unknown }) {
    super(facts.message, options);
    this.name = 'AnnealError';
    this.code = facts.code;
    this.where = facts.where;
    this.fix = facts.fix;
    this.data = facts.data;
  }

  toJSON(): ErrorFacts {
    return {
      code: this.code,
      message: this.message,
      fix: this.fix,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.data === undefined ? {} : { data: this.data }),
    };
  }
}

export interface ErrorDeclaration {
  /** Unique in its area; never re-used for another meaning. */
  readonly number: number;
  /** One line for the index: what kind of trouble this is. */
  readonly title: string;
  /** What to do when the thrower has nothing better to say. */
  readonly fix: string;
}

export interface ErrorOccasion {
  /** The full sentence for this occasion; the title where left out. */
  readonly message?: string;
  readonly where?: string;
  readonly fix?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export interface ErrorFactory {
  (occasion?: ErrorOccasion): AnnealError;
  readonly code: ErrorCode;
  readonly title: string;
  readonly fix: string;
}

export type ErrorFactories<D> = { readonly [K in keyof D]: ErrorFactory };

/** Declares the errors of one area: `const errors = defineErrors('ENG', { deviceLost: {...} })`. */
export function defineErrors<const D extends Readonly<Record<string, ErrorDeclaration>>>(
  area: string,
  declarations: D,
): ErrorFactories<D> {
  const factories: Record<string, ErrorFactory> = {};
  for (const [name, { number, title, fix }] of Object.entries(declarations)) {
    const code: ErrorCode = `ANN-${area}-${String(number).padStart(3, '0')}`;
    const make = (occasion: ErrorOccasion = {}): AnnealError =>
      new AnnealError(
        {
          code,
          message: occasion.message ?? title,
          fix: occasion.fix ?? fix,
          ...(occasion.where === undefined ? {} : { where: occasion.where }),
          ...(occasion.data === undefined ? {} : { data: occasion.data }),
        },
        occasion.cause === undefined ? undefined : { cause: occasion.cause },
      );
    factories[name] = Object.assign(make, { code, title, fix });
  }
  return factories as ErrorFactories<D>;
}

/** Turns whatever was thrown into an AnnealError; what is not one already becomes `otherwise`. */
export function toAnnealError(thrown: unknown, otherwise: ErrorFactory): AnnealError {
  if (thrown instanceof AnnealError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return otherwise({ message: `${otherwise.title}: ${detail}`, cause: thrown });
}
