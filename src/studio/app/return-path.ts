const KEY = 'anneal.return';

/** An identity provider sends everybody to the first page: from there one goes on to where one was. */
export function comeBackTo(path: string): void {
  sessionStorage.setItem(KEY, path);
}

/** Null where nobody left; asking forgets it. Only addresses of this very studio are taken. */
export function takeReturnPath(): string | null {
  const path = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return path !== null && /^\/[^/\\]/.test(path) ? path : null;
}
