/** See server/audit/chain.ts for what the columns mean. Rows are added and never changed. */
export interface AuditTables {
  audit: {
    seq: number;
    at: number;
    workspace: string | null;
    actor: string;
    name: string | null;
    action: string;
    target: string;
    outcome: string;
    detail: string;
    previous: string;
    hash: string;
  };
}
