/** Headers of what the server sends; the security floor of the project, in one place. */

const basePolicy = {
  'default-src': ["'self'"],
  'script-src': ["'self'", "'wasm-unsafe-eval'"],
  'worker-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"], // Monaco writes styles
  'img-src': ["'self'", 'data:', 'blob:'],
  'font-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'object-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
} as const;

type Policy = Readonly<Record<string, readonly string[]>>;

const text = (policy: Policy): string =>
  Object.entries(policy)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ');

export const pagePolicy = text(basePolicy);

/** For the one worker that starts tfjs' wasm threads, which are made from blobs. */
export const trainerPolicy = text({
  ...basePolicy,
  'script-src': [...basePolicy['script-src'], 'blob:'],
  'worker-src': [...basePolicy['worker-src'], 'blob:'],
});

/** While developing, Vite puts scripts into the page and talks over a socket of its own. */
export const developmentPolicy = text({
  ...basePolicy,
  'script-src': [...basePolicy['script-src'], "'unsafe-inline'", 'blob:'],
  'worker-src': [...basePolicy['worker-src'], 'blob:'],
});

/** What an API answers is data and never a page. */
export const dataPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** For a year; of this very name alone. */
export const onlyByTls = 'max-age=31536000';

/** For every response. */
export const commonHeaders: Readonly<Record<string, string>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The trainer's worker as Vite names it: /assets/trainer.worker-<hash>.js or the like. */
export function isTrainerScript(path: string): boolean {
  return /(^|\/)assets\/trainer[^/]*\.js$/.test(path);
}

export function policyFor(path: string): string {
  return isTrainerScript(path) ? trainerPolicy : pagePolicy;
}
