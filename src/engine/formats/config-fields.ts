import { formatErrors } from './errors.ts';

/** Typed access to the fields of a foreign config.json. A field that is there but wrong throws ANN-FMT-021. */
export class ConfigFields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(json: unknown, path = '') {
    this.#path = path === '' ? 'config.json' : `config.json: ${path}`;
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw formatErrors.badConfig({ message: `${this.#path} is not an object.`, where: this.#path });
    }
    this.#fields = json as Record<string, unknown>;
  }

  raw(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  bad(name: string, why: string): never {
    const value = JSON.stringify(this.raw(name));
    throw formatErrors.badConfig({
      message: `${this.#path}: ${name} is ${value}, which is ${why}.`,
      where: `${this.#path}: ${name}`,
      data: { field: name },
    });
  }

  unsupported(name: string, why: string): never {
    throw formatErrors.unsupportedVariant({
      message: `The model cannot be opened because of ${name}: ${why}.`,
      where: `${this.#path}: ${name}`,
      data: { field: name },
    });
  }

  /** model_type, or what the architecture says in files that lack it. */
  modelType(): string {
    const type = this.raw('model_type');
    if (typeof type === 'string') return type;
    const architectures = this.raw('architectures');
    const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
    if (typeof first !== 'string') return this.bad('model_type', 'not the name of an architecture');
    return /^(GPT2|Llama)/.exec(first)?.[1]?.toLowerCase() ?? first;
  }

  text(name: string, otherwise: string): string {
    const value = this.raw(name) ?? otherwise;
    return typeof value === 'string' ? value : this.bad(name, 'not a text');
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.raw(name) ?? otherwise;
    return typeof value === 'boolean' ? value : this.bad(name, 'neither true nor false');
  }

  /** A whole number from 1 to 2^31 - 1: sizes and counts. */
  whole(name: string, otherwise: number): number {
    return this.wholeOrNull(name) ?? otherwise;
  }

  wholeOrNull(name: string): number | null {
    const value = this.raw(name) ?? null;
    if (value === null) return null;
    const good = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < 2 ** 31;
    return good ? value : this.bad(name, 'not a whole number above 0');
  }

  /** A layer costs memory before any weight is looked at, so a damaged count must not pass. */
  layers(name: string, otherwise: number): number {
    const value = this.whole(name, otherwise);
    return value <= 10_000 ? value : this.bad(name, 'more than the 10,000 layers that can be opened');
  }

  positive(name: string, otherwise: number): number {
    const value = this.raw(name) ?? otherwise;
    const good = typeof value === 'number' && Number.isFinite(value) && value > 0;
    return good ? value : this.bad(name, 'not a number above 0');
  }

  /** A probability below 1. */
  rate(name: string, otherwise: number): number {
    const value = this.raw(name) ?? otherwise;
    const good = typeof value === 'number' && value >= 0 && value < 1;
    return good ? value : this.bad(name, 'not between 0 and 1');
  }

  divides(name: string, value: number, by: string, divisor: number): void {
    if (value % divisor !== 0) this.bad(name, `not a multiple of ${by} (${divisor})`);
  }
}
