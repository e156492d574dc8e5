/** Ends a switch over a union: a new member makes the call a type error. */
export function assertNever(value: never): never {
  throw new Error(`Unreachable: ${JSON.stringify(value)}`);
}
