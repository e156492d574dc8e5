declare const brand: unique symbol;

/** A string (or number) that only its own constructor makes: `type RunId = Branded<string, 'RunId'>`. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };
