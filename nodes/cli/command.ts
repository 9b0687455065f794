// What a command is.

/** What a command gets: its arguments and where paths are relative to. Resolves to the exit code. */
export type Command = (args: string[], context: { cwd: string }) => Promise<number>;

/** A wrong call: the sentence is for the user, who is shown `help` below it; without one, what there is altogether; with '', nothing. */
export class UsageError extends Error {
  readonly help: string | undefined;

  constructor(message: string, help?: string) {
    super(message);
    this.help = help;
  }
}

/** A right call that cannot be done. */
export const refused = (sentence: string): UsageError => new UsageError(sentence, '');

export const say = (text: string): void => { process.stdout.write(`${text}\n`); };
