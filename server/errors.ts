import { defineErrors } from '../src/base/error.ts';

/** What can go wrong in the server itself; what it answers requests with is in src/protocol/errors.ts. */
export const serverErrors = defineErrors('SRV', {
  portTaken: {
    number: 1,
    title: 'Another program listens on this port already',
    fix: 'Stop it (perhaps it is an Anneal that still runs), or choose another port with --port.',
  },
  cannotListen: {
    number: 2,
    title: 'The server cannot listen on this address',
    fix: 'Check --host and --port; 127.0.0.1 and a port above 1023 work on any machine.',
  },
  studioMissing: {
    number: 3,
    title: 'The studio has not been built',
    fix: 'Run `npm start`, which builds it, or name its folder with --studio DIR.',
  },
  dataInUse: {
    number: 4,
    title: 'Another server uses this data folder',
    fix: 'Stop it, or choose another folder with --data DIR.',
  },
  dataDamaged: {
    number: 5,
    title: 'The database in the data folder is damaged',
    fix: 'Keep the folder, restore it from a backup, or start with a new one through --data DIR.',
  },
  newerData: {
    number: 6,
    title: 'The data folder was written by a later version of Anneal',
    fix: 'Use that version, or choose another folder with --data DIR.',
  },
  storeFailed: {
    number: 7,
    title: 'The database failed',
    fix: 'Check the disk that holds the data folder; what was not acknowledged is sent again by the editors.',
  },
  dataUnusable: {
    number: 8,
    title: 'The data folder cannot be written',
    fix: 'Check that the folder can be created and written, or choose another with --data DIR.',
  },
  badOption: {
    number: 9,
    title: 'An option of the server has a value that it does not take',
    fix: 'See `node server/main.ts --help`.',
  },
  sampleMissing: {
    number: 10,
    title: "The sample's config cannot be read",
    fix: 'recipes/stories.yaml belongs to the repository; restore it with git.',
  },
  malformedUpdate: {
    number: 11,
    title: 'The update is not one of Yjs, or not in its V1 format',
    fix: 'Reload the page; if it comes back, export your text and report it.',
  },
  hostileUpdate: {
    number: 12,
    title: 'The update is built in a way that would harm the server',
    fix: 'Reload the page. Updates that an editor makes are never like this.',
  },
  wrongContent: {
    number: 13,
    title: 'The update puts something into the document that does not belong there',
    fix: "Use doc.getText('content') for texts and doc.getMap('files') for a project's document.",
  },
  documentTooLarge: {
    number: 14,
    title: 'The document would become larger than the server keeps',
    fix: 'Put large texts into the project as data files, which are stored as artifacts.',
  },
  rotatedUpdate: {
    number: 15,
    title: 'The update builds on a part of the history that the server has let go',
    fix: 'Open the document anew; what was written offline is kept beside it.',
  },
  documentDamaged: {
    number: 16,
    title: 'The document cannot be opened: something that is stored of it is damaged',
    fix: 'Put the row that the server names aside and restore a version: docs/operations.md, "A document that does not open".',
  },
  databaseUnreachable: {
    number: 25,
    title: 'PostgreSQL cannot be reached, or does not let the server in',
    fix: 'Check ANNEAL_DATABASE_URL (postgres://user:password@host:5432/database), and that PostgreSQL runs.',
  },
  databaseUnsafe: {
    number: 26,
    title: 'PostgreSQL does not force what it commits to disk',
    fix: 'Set fsync = on and full_page_writes = on in postgresql.conf: what is acknowledged must survive a power cut.',
  },
  databaseReplaced: {
    number: 27,
    title: 'The database was put back or exchanged while the server ran',
    fix: 'Restart the server: editors then send again what the database may have lost.',
  },
  databaseShared: {
    number: 28,
    title: 'Another server uses this database',
    fix: 'Stop it, or give all servers of the database the same ANNEAL_REDIS_URL, through which they tell one another.',
  },
  redisUnreachable: {
    number: 29,
    title: 'Redis cannot be reached, or does not let the server in',
    fix: 'Check ANNEAL_REDIS_URL (redis://host:6379), and that Redis runs.',
  },
  folderTaken: {
    number: 30,
    title: 'The folder is not empty',
    fix: 'Name one that does not exist yet, or move what is in there away first: nothing is ever overwritten.',
  },
  noBackup: {
    number: 31,
    title: 'There is no whole backup in this folder',
    fix: 'Name the folder that `npx anneal backup` wrote; if it is the one, it has been damaged since: take another.',
  },
  documentReplaced: {
    number: 32,
    title: 'The document has begun anew, was moved or was removed at another server',
    fix: 'Try again: editors connect again by themselves and get the document as it is now.',
  },
  signInNeeded: {
    number: 35,
    title: 'A server that others can reach does not run without sign-in',
    fix: 'Leave ANNEAL_AUTH away, or bind to loopback alone (--host 127.0.0.1).',
  },
  badCertificate: {
    number: 36,
    title: 'The TLS certificate or its key cannot be used',
    fix: 'Name both as PEM files that the server may read, with --tls-cert and --tls-key.',
  },
  identityProvider: {
    number: 37,
    title: 'The identity provider does not answer as OpenID Connect wants it',
    fix: 'Check ANNEAL_OIDC_ISSUER: below it there is /.well-known/openid-configuration.',
  },
  masterKeyMissing: {
    number: 60,
    title: 'The data is sealed, and there is no key to open it with',
    fix: 'Set ANNEAL_MASTER_KEY to the key that the data was sealed with.',
  },
  masterKeyWrong: {
    number: 61,
    title: 'The data was sealed with another master key',
    fix: 'Set ANNEAL_MASTER_KEY to that key. To change it, name the old one in ANNEAL_MASTER_KEY_PREVIOUS and run `npx anneal keys rotate`.',
  },
  sealBroken: {
    number: 62,
    title: 'Something that is stored does not open: it was changed, or put where it does not belong',
    fix: 'Restore it from a backup, and find out who can write to the database or the artifacts.',
  },
  auditKeyUnusable: {
    number: 63,
    title: 'The key that signs the audit log cannot be used',
    fix: 'Name an Ed25519 key with --audit-key FILE, whose FILE.heads lies beside it. Where both were lost, name a new file: a key is made.',
  },
  backupFailed: {
    number: 65,
    title: 'The backup could not be made',
    fix: 'Check that there is room for the database and all artifacts where the backup goes, and try again.',
  },
  backupElsewhere: {
    number: 67,
    title: 'PostgreSQL has its own backups',
    fix: 'Use pg_dump or continuous archiving, then copy the artifacts: docs/operations.md says in which order.',
  },
  controlFailed: {
    number: 68,
    title: 'The server that uses the data folder does not answer',
    fix: 'Try again, or stop the server and run the command without it.',
  },
  artifactsUnusable: {
    number: 45,
    title: 'The bucket for artifacts cannot be used',
    fix: 'Check ANNEAL_S3_BUCKET, ANNEAL_S3_ENDPOINT and the keys, and that the bucket exists.',
  },
});
