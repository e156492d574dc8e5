/** Who has which artifacts, and of what blobs these are made. Times are milliseconds since 1970 UTC. */
export interface ArtifactTables {
  /**
   * A workspace sees the artifacts that it has here, and no others. `touched`: when it was last stored, asked
   * for or named; what was touched a moment ago is never collected.
   */
  artifact_owners: { workspace: string; sha256: string; bytes: number; touched: number };
  /** The blobs that an artifact is made of, in order: most have one, itself; safetensors one a tensor. */
  artifact_parts: { artifact: string; position: number; part: string; bytes: number };
  /** Uploads that have begun; whose bytes are coming in at the moment, and until when nobody else may send. */
  artifact_uploads: {
    workspace: string;
    sha256: string;
    bytes: number;
    created: number;
    client: string;
    until: number;
  };
  /** What something outside of the documents refers to, such as a run in somebody's browser. */
  artifact_holds: { project: string; holder: string; sha256: string; created: number };
  /**
   * What a project has been given (`lent` 1), and what somebody only named there who came by a link for that one
   * project (0): those see nothing else that the workspace has. `claimed_by`: the link of who named it first.
   */
  project_artifacts: { project: string; sha256: string; lent: number; claimed_by: string | null };
}
