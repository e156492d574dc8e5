/** How names are compared: two that look alike but for case or the form of their characters are one. */
export function foldName(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}
