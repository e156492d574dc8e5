/** Documents are those of the texts, not of their reviews. */
export interface ReviewTables {
  /** `artifacts`: a JSON list of the hashes of those that the text names; they are kept as long as it is. */
  versions: { id: string; document: number; state: Uint8Array; artifacts: string };
  /** Those that have not been read. */
  mentions: {
    comment_id: string;
    person: string;
    document: number;
    thread: string;
    by_name: string;
    created: number;
  };
}
