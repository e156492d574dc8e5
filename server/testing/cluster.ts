import { afterAll, beforeAll } from 'vitest';
import { POSTGRES_MISSING, startPostgres, type TestPostgres } from './postgres.ts';
import { REDIS_MISSING, startRedis, type TestRedis } from './redis.ts';

export interface ClusterParts {
  /** Of an empty database. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** One PostgreSQL and one Redis for the tests of a file; a test that finds one of them missing says so. */
export function clusterParts(): (context: { skip(note: string): never }) => Promise<ClusterParts> {
  let postgres: TestPostgres | null = null;
  let redis: TestRedis | null = null;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([postgres?.stop(), redis?.stop()]);
  }, 60_000);
  return async ({ skip }) => {
    if (postgres === null) return skip(POSTGRES_MISSING);
    if (redis === null) return skip(REDIS_MISSING);
    return { databaseUrl: await postgres.database(), redisUrl: redis.url };
  };
}
