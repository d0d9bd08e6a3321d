import { Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { FittedTable } from './table.js'
import { jsonDocument } from './text.js'

/** A stream that text is written to; a terminal also has a width. */
export interface TextStream {
  write: (text: string) => unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** What the command line uses of `process`; a test passes its own. */
export interface Io {
  readonly stdout: TextStream
  readonly stderr: TextStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder of the configuration file, and of relative paths. */
  readonly cwd: string
}

/** Colours and weights, as `util.styleText` names them. */
type Format = Parameters<typeof styleText>[0]

const WIDTH_OF_A_PIPE = 80

/** How many columns a stream shows: those of its terminal, otherwise 80. */
export function terminalWidth({ isTTY, columns }: TextStream): number {
  return isTTY === true && columns !== undefined && columns > 0 ? columns : WIDTH_OF_A_PIPE
}

/** Where a command prints: its result on stdout, for people or as JSON; remarks and progress on stderr. */
export class Output {
  /** Whether stdout gets one JSON document and nothing else. */
  readonly isJson: boolean
  /** Columns of stdout; 80 where it is no terminal. */
  readonly width: number
  /** Columns that a table may take: those of a terminal; in a pipe it is never cut. */
  readonly room: number
  /** Stderr, if it is a terminal: for progress bars. */
  readonly progressStream: Writable | undefined
  /** Text for stdout in a colour; unchanged where that is no terminal, or `NO_COLOR` is set. */
  readonly paint: (format: Format, text: string) => string

  constructor(
    private readonly io: Pick<Io, 'stdout' | 'stderr' | 'env'>,
    { json = false }: { json?: boolean | undefined },
  ) {
    const { stdout, stderr, env } = io
    this.isJson = json
    this.width = terminalWidth(stdout)
    this.room = stdout.isTTY === true ? this.width : Infinity
    this.progressStream = stderr.isTTY === true && stderr instanceof Writable ? stderr : undefined
    const hasColours = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
    this.paint = (format, text) => (hasColours ? styleText(format, text, { validateStream: false }) : text)
  }

  /** Lines for people. Untrusted text in them must have been made printable. */
  print(...lines: readonly string[]): void {
    for (const line of lines) this.io.stdout.write(`${line}\n`)
  }

  /** The one document of `--json`. */
  document(value: unknown): void {
    this.print(jsonDocument(value))
  }

  /** A table's lines, the heading in bold, and a remark if a cell was cut. */
  table(
    { lines, isClipped }: FittedTable,
    paintLine: (line: string, place: number) => string = (line) => line,
  ): void {
    const [heading = '', ...rest] = lines
    this.print(this.paint('bold', heading), ...rest.map(paintLine))
    if (isClipped) this.note('Texts that end in … were cut to fit: --json prints them whole.')
  }

  /** A remark on stderr, which is not part of the result. */
  note(line: string): void {
    this.io.stderr.write(`${line}\n`)
  }
}
