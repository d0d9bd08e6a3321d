import { Writable } from 'node:stream'
import picocolors from 'picocolors'
import type { Io } from './io.js'
import { terminalWidth } from './terminal-width.js'
import type { Fitted } from './text/fit.js'
import { jsonDocument } from './text/json.js'

/** Where a command prints: what it found on stdout, for people or as JSON; what goes on meanwhile on stderr. */
export class Output {
  /** Whether one JSON document was asked for, and nothing else may be on stdout. */
  readonly isJson: boolean
  /** For stdout; they do nothing where it is no terminal, or `NO_COLOR` is set. */
  readonly colours: ReturnType<typeof picocolors.createColors>
  /** Columns of stdout; 80 where it is no terminal. */
  readonly width: number
  /** Columns that a table may take: those of a terminal; whatever reads a pipe gets it whole. */
  readonly room: number
  /** Stderr, if it is a terminal: for what moves. */
  readonly watched: Writable | undefined

  constructor(
    private readonly io: Pick<Io, 'stdout' | 'stderr' | 'env'>,
    { json = false }: { json?: boolean | undefined },
  ) {
    this.isJson = json
    this.colours = picocolors.createColors(showsColours(io))
    this.width = terminalWidth(io.stdout)
    this.room = io.stdout.isTTY === true ? this.width : Infinity
    this.watched = io.stderr.isTTY === true && io.stderr instanceof Writable ? io.stderr : undefined
  }

  /** A line, or several, for people. What strangers wrote must have been made printable. */
  print(...lines: readonly string[]): void {
    for (const line of lines) this.io.stdout.write(`${line}\n`)
  }

  /** The one document of `--json`. */
  document(value: unknown): void {
    this.print(jsonDocument(value))
  }

  /** A table's lines, the heading in bold, and a remark if it had to be cut. */
  table({ lines, isClipped }: Fitted, paint: (line: string, place: number) => string = (line) => line): void {
    const [heading = '', ...rest] = lines
    this.print(this.colours.bold(heading), ...rest.map(paint))
    if (isClipped) this.note('What ends in … did not fit: --json prints all of it.')
  }

  /** A remark for whoever watches, which is no part of the result. */
  note(line: string): void {
    this.io.stderr.write(`${line}\n`)
  }
}

function showsColours({ stdout, env }: Pick<Io, 'stdout' | 'env'>): boolean {
  return stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
}
