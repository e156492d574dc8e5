/** Where a command writes; tests pass their own. */
export interface CommandIo {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** Runs a command and resolves with its exit code: 0 fine, 1 errors found, 2 usage, 3 failed while running. */
export type Command = (args: readonly string[], io: CommandIo) => Promise<number>;

export const EXIT = { fine: 0, errorsFound: 1, usage: 2, failed: 3 } as const;
