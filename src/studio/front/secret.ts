import { useEffect, useState } from 'react';

/**
 * What stands behind the # of a link. Browsers send it nowhere; here it is taken out of the address, so that it is
 * neither looked at over a shoulder nor kept in the history. `keep` takes it over the way to an identity provider
 * and back, in this tab alone.
 */
export function useSecret(key: string): { readonly secret: string; keep(): void; forget(): void } {
  const [secret] = useState(() => window.location.hash.slice(1) || sessionStorage.getItem(key) || '');
  useEffect(() => {
    const { pathname, search, hash } = window.location;
    if (hash !== '') window.history.replaceState(window.history.state, '', `${pathname}${search}`);
  }, []);
  return {
    secret,
    keep: () => sessionStorage.setItem(key, secret),
    forget: () => sessionStorage.removeItem(key),
  };
}
