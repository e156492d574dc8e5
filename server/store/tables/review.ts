/** Documents are those of the texts, where nothing else is said. */
export interface ReviewTables {
  /** `artifacts`: a JSON list of the hashes of those that the text names; they are kept as long as it is. */
  versions: { id: string; document: number; state: Uint8Array; artifacts: string };
  /**
   * Which suggestions are being decided about, by which request; `document` is that of the review. A text that is
   * being replaced has its name here, as requests/review.ts writes it.
   */
  decisions: { suggestion: string; document: number; token: string; at: number };
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
