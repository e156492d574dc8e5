import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AnnealError, toAnnealError } from '../src/base/error.ts';
import { oidcOptions, tlsOptions } from './access/options.ts';
import { isLoopback } from './access/sign-in-mode.ts';
import { bucketFrom } from './artifacts/s3/options.ts';
import { serverErrors } from './errors.ts';
import type { RunningServer, ServerOptions } from './options.ts';
import { startServer } from './server.ts';
import { masterKeysIn } from './vault/master-key.ts';

const help = `node server/main.ts [options]
  --port 4600            0 takes a free one
  --host 127.0.0.1       loopback only unless told otherwise
  --data .anneal         the folder for everything that is kept
  --studio dist/studio   the built studio; \`none\` serves the API and sync alone
  --vite                 the studio from its sources, with hot reload
  --allow-host NAME      a further name that the server goes by (can be repeated)
  --public-url URL       where a proxy publishes it
  --max-artifact-bytes N the largest artifact
  --quota-bytes N        what the artifacts of a workspace may take at most
  --max-workspaces 20    how many workspaces one person may make
  --invite-owner         prints a link for another owner, when the first has lost his password
  --audit-key FILE       signs the audit log; made if it is not there (also ANNEAL_AUDIT_KEY)
  --tls-cert FILE        with --tls-key FILE: serves HTTPS; SIGHUP reads renewed files

  ANNEAL_AUTH            on: people sign in, also on loopback; off: a proxy sees to it
  ANNEAL_OIDC_ISSUER     with ANNEAL_OIDC_CLIENT_ID, _CLIENT_SECRET, _NAME: sign-in by OpenID Connect
  ANNEAL_OIDC_DOMAINS    whose verified addresses may sign in by it, such as example.org,example.com; * for all
  ANNEAL_S3_BUCKET       where artifacts lie, with ANNEAL_S3_ENDPOINT, _REGION, _ACCESS_KEY, _SECRET_KEY, _PREFIX
  ANNEAL_DATABASE_URL    postgres://..., where SQLite in the data folder is outgrown
  ANNEAL_MASTER_KEY      seals what is stored (openssl rand -base64 32); _PREVIOUS while keys are rotated
  ANNEAL_REDIS_URL       redis://..., where several servers use one PostgreSQL`;

function readOptions(): ServerOptions | null {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4600' },
      host: { type: 'string', default: '127.0.0.1' },
      data: { type: 'string', default: '.anneal' },
      studio: { type: 'string' },
      vite: { type: 'boolean', default: false },
      'allow-host': { type: 'string', multiple: true, default: [] },
      'public-url': { type: 'string' },
      'max-artifact-bytes': { type: 'string' },
      'quota-bytes': { type: 'string' },
      'max-workspaces': { type: 'string' },
      'invite-owner': { type: 'boolean', default: false },
      'audit-key': { type: 'string' },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const root = join(import.meta.dirname, '..');
  const dir = values.studio ?? join(root, 'dist', 'studio');
  const publicUrl = values['public-url'] ?? null;
  if (publicUrl !== null && !/^https?:\/\/[^/]+\/?$/.test(publicUrl)) {
    throw serverErrors.badOption({
      where: '--public-url',
      message: `--public-url takes an address such as https://anneal.example.org`,
    });
  }
  const maxBytes = values['max-artifact-bytes'];
  const quotaBytes = values['quota-bytes'];
  const maxWorkspaces = values['max-workspaces'];
  return {
    port: wholeNumber('--port', values.port, 65_535),
    host: values.host,
    dataDir: values.data,
    bucket: bucketFrom(process.env),
    databaseUrl: process.env.ANNEAL_DATABASE_URL || null,
    redisUrl: process.env.ANNEAL_REDIS_URL || null,
    studio: values.vite ? { kind: 'vite', root } : dir === 'none' ? { kind: 'none' } : { kind: 'dist', dir },
    allowHosts: values['allow-host'],
    publicUrl,
    auth: process.env.ANNEAL_AUTH,
    inviteOwner: values['invite-owner'],
    auditKey: values['audit-key'] ?? process.env.ANNEAL_AUDIT_KEY ?? null,
    masterKeys: masterKeysIn(process.env),
    tls: tlsOptions(values['tls-cert'], values['tls-key']),
    oidc: oidcOptions(process.env),
    ...(maxBytes === undefined
      ? {}
      : { maxArtifactBytes: wholeNumber('--max-artifact-bytes', maxBytes, Number.MAX_SAFE_INTEGER) }),
    ...(quotaBytes === undefined
      ? {}
      : { quotaBytes: wholeNumber('--quota-bytes', quotaBytes, Number.MAX_SAFE_INTEGER) }),
    ...(maxWorkspaces === undefined
      ? {}
      : { maxWorkspaces: wholeNumber('--max-workspaces', maxWorkspaces, 1_000_000) }),
  };
}

/** What whoever starts the server should know about who can enter. */
function aboutAccess(
  { auth, url, ownerLink }: RunningServer,
  { publicUrl, host = '127.0.0.1' }: ServerOptions,
): string[] {
  if (auth === 'off') {
    return [
      `Sign-in is off: ${publicUrl == null ? 'only this machine reaches the server' : 'the proxy sees to it'}.`,
    ];
  }
  const { protocol, hostname } = new URL(url);
  const inClear = protocol === 'http:' && !isLoopback(publicUrl == null ? host : hostname);
  return [
    ...(inClear
      ? ['Passwords travel in the clear: name a certificate (--tls-cert), or use a proxy with TLS.']
      : []),
    ...(ownerLink === null ? [] : ['This link makes you the owner. It works once:', ownerLink]),
  ];
}

function wholeNumber(option: string, text: string, max: number): number {
  if (/^\d+$/.test(text) && Number(text) <= max) return Number(text);
  throw serverErrors.badOption({
    where: option,
    message: `${option} takes a whole number up to ${max}, not "${text}"`,
  });
}

// What the server keeps is nobody else's on the machine.
process.umask(0o077);

try {
  const options = readOptions();
  if (options === null) {
    console.log(help);
  } else {
    const server = await startServer(options);
    console.log(`Anneal is ready at ${server.url}`);
    for (const line of aboutAccess(server, options)) console.log(line);
    process.on('SIGHUP', () => {
      try {
        server.reloadCertificate();
      } catch (error) {
        console.error(error); // the old certificate goes on
      }
    });
    let closing = false;
    const stop = (): void => {
      if (closing) process.exit(3); // asked twice
      closing = true;
      server.close().then(
        () => process.exit(0),
        (error) => {
          console.error(error);
          process.exit(3);
        },
      );
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  }
} catch (thrown) {
  const usage =
    thrown instanceof TypeError && 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS');
  const error = usage
    ? serverErrors.badOption({ message: thrown.message })
    : thrown instanceof AnnealError
      ? thrown
      : toAnnealError(thrown, serverErrors.cannotListen);
  console.error(
    `${error.code}: ${error.message}${error.where === undefined ? '' : ` (${error.where})`}\n${error.fix}`,
  );
  process.exit(error.code === serverErrors.badOption.code ? 2 : 3);
}
