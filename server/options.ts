import type { OidcOptions } from './access/oidc.ts';
import type { SignInMode } from './access/sign-in-mode.ts';
import type { BucketOptions } from './artifacts/s3/options.ts';
import type { BodyTimes } from './http/body-time.ts';
import type { ConnectionLimits } from './http/connections.ts';
import type { RequestLimits } from './http/request-limits.ts';
import type { PauseTimes } from './review/edit-watch.ts';
import type { SyncLimits } from './sync/limits.ts';
import type { TlsFiles } from './tls.ts';
import type { MasterKeys } from './vault/master-key.ts';

export type Studio =
  /** A folder that `vite build` made. */
  | { readonly kind: 'dist'; readonly dir: string }
  /** The sources, with hot reload; `root` is the repository. */
  | { readonly kind: 'vite'; readonly root: string }
  | { readonly kind: 'none' };

export interface ServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  /** Everything that the server keeps and that is not kept elsewhere. */
  readonly dataDir: string;
  /** ANNEAL_DATABASE_URL; null or left out for SQLite in the folder. */
  readonly databaseUrl?: string | null;
  /** ANNEAL_REDIS_URL, where several servers use one PostgreSQL. */
  readonly redisUrl?: string | null;
  readonly studio: Studio;
  readonly allowHosts?: readonly string[];
  readonly publicUrl?: string | null;
  readonly maxArtifactBytes?: number;
  /** Artifacts of a workspace that has no limit of its own; left out: any number. */
  readonly quotaBytes?: number | null;
  /** Of one person; each has the whole quota. */
  readonly maxWorkspaces?: number;
  /** Where artifacts lie instead of the data folder. */
  readonly bucket?: BucketOptions | null;
  /** ANNEAL_AUTH; left out: as where it listens demands. */
  readonly auth?: string | undefined;
  /** Makes a link for an owner also where there is one: for when he has lost his password. */
  readonly inviteOwner?: boolean;
  readonly tls?: TlsFiles | null;
  /** Signs the audit log; left out: a file in the data folder. */
  readonly auditKey?: string | null;
  /** Seals what is stored; left out: it is stored as it is. */
  readonly masterKeys?: MasterKeys | null;
  /** An identity provider that people may sign in with. */
  readonly oidc?: OidcOptions | null;
  readonly limits?: Partial<SyncLimits>;
  readonly connections?: ConnectionLimits;
  readonly requests?: Partial<RequestLimits>;
  readonly bodyTimes?: BodyTimes;
  /** The config of the sample project; by default recipes/stories.yaml. */
  readonly sampleConfig?: string;
  /** When a text that is edited gets an automatic version. */
  readonly pauses?: PauseTimes;
  /** The wall clock, for tests. */
  readonly now?: () => number;
  readonly log?: (line: string) => void;
}

export interface RunningServer {
  /** Such as http://localhost:4600, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly auth: SignInMode;
  /** Creates an owner, once; null where there is one, or sign-in is off. */
  readonly ownerLink: string | null;
  /** After the certificate's files have been renewed. */
  reloadCertificate(): void;
  /** Sends everybody away and resolves when everything is on disk. */
  close(): Promise<void>;
}
