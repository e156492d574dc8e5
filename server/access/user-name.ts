/** As people see it, in UTF-16 units. */
const MAX_NAME = 64;

/** How names are compared: two that look alike but for case or the form of their characters are one. */
export function foldName(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

/**
 * What stands there for an account that signs in with a provider: nothing that anybody could type folds to it. So
 * such accounts are called what they like, and whose name is whose nobody learns by trying.
 */
export const providedName = (id: string): string => `OIDC ${id}`;

/** The name of somebody among others: where one of them is called the same, it says a little more. */
export function nameAmong(
  others: readonly string[],
  { id, name }: { readonly id: string; readonly name: string },
): string {
  const isAlone = others.every((other) => foldName(other) !== foldName(name));
  const most = name.slice(0, MAX_NAME - 7).replace(/[\uD800-\uDBFF]$/, '');
  return isAlone ? name : `${most.trim()} ${id.slice(-6)}`;
}
