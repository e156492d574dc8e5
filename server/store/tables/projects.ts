/** Times are milliseconds since 1970 UTC. */
export interface ProjectTables {
  projects: { id: string; name: string; created: number; deleted: number | null; workspace: string };
}
