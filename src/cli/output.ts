import { Writable } from 'node:stream'
import picocolors from 'picocolors'
import type { Io } from './io.js'
import { terminalWidth } from './terminal-width.js'
import { jsonDocument } from './text/json.js'

/** Where a command prints: what it found on stdout, for people or as JSON; what goes on meanwhile on stderr. */
export class Output {
  /** Whether one JSON document was asked for, and nothing else may be on stdout. */
  readonly isJson: boolean
  /** For stdout; they do nothing where it is no terminal, or `NO_COLOR` is set. */
  readonly colours: ReturnType<typeof picocolors.createColors>
  /** Columns of stdout; 80 where it is no terminal. */
  readonly width: number
  /** Stderr, if it is a terminal: for what moves. */
  readonly watched: Writable | undefined

  constructor(
    private readonly io: Pick<Io, 'stdout' | 'stderr' | 'env'>,
    { json = false }: { json?: boolean | undefined },
  ) {
    this.isJson = json
    this.colours = picocolors.createColors(showsColours(io))
    this.width = terminalWidth(io.stdout)
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

  /** A remark for whoever watches, which is no part of the result. */
  note(line: string): void {
    this.io.stderr.write(`${line}\n`)
  }
}

function showsColours({ stdout, env }: Pick<Io, 'stdout' | 'env'>): boolean {
  return stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
}
