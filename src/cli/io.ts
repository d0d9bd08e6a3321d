/** A stream that text is written to; of a terminal, also how wide it is. */
export interface TextStream {
  write: (text: string) => unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** The world outside the command line: what `process` has of it, or a test. */
export interface Io {
  readonly stdout: TextStream
  readonly stderr: TextStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** What relative paths start from. */
  readonly cwd: string
}
