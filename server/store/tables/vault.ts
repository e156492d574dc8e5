/** Keys of workspaces, each sealed with the master key; see server/vault. `created` is milliseconds since 1970 UTC. */
export interface VaultTables {
  vault_keys: { id: string; workspace: string; wrapped: Uint8Array; created: number };
}
