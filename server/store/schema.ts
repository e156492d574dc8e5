import type { AccessTables } from './tables/access.ts';
import type { ArtifactTables } from './tables/artifacts.ts';
import type { AuditTables } from './tables/audit.ts';
import type { DocumentTables } from './tables/documents.ts';
import type { ProjectTables } from './tables/projects.ts';
import type { ReviewTables } from './tables/review.ts';
import type { VaultTables } from './tables/vault.ts';

/** All tables, as both databases have them: a file an area in tables/, made by migrations/. */
export interface Tables
  extends DocumentTables,
    ProjectTables,
    AccessTables,
    AuditTables,
    ArtifactTables,
    ReviewTables,
    VaultTables {}
