// What a command is.

/** What a command gets: its arguments and where paths are relative to. Resolves to the exit code. */
export type Command = (args: string[], context: { cwd: string }) => Promise<number>;

/** A wrong call: the sentence is for the user. */
export class UsageError extends Error {}
