import { table, type Column } from './table.js'
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

/** One page of a list. */
interface Page<Row> {
  /** The key of the rows in JSON: `passes`. */
  readonly name: string
  /** Up to one row more than `limit`, which shows that there are more. */
  readonly found: readonly Row[]
  readonly limit: number
  readonly columns: readonly Column<Row>[]
  /** How to go on after the last row: `--after 17 continues`. */
  readonly next: (last: Row) => string
}

/** Where a command prints: its result on stdout, for people or as JSON; remarks on stderr. */
export class Output {
  /** Whether stdout gets one JSON document and nothing else. */
  readonly isJson: boolean

  constructor(
    private readonly io: Pick<Io, 'stdout' | 'stderr'>,
    { json }: { json: boolean },
  ) {
    this.isJson = json
  }

  /** Lines for people. Untrusted text in them must have been made printable. */
  print(...lines: readonly string[]): void {
    for (const line of lines) this.io.stdout.write(`${line}\n`)
  }

  /** The one document of `--json`. */
  document(value: unknown): void {
    this.print(jsonDocument(value))
  }

  /** A table for people. */
  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
    this.print(...table(columns, rows))
  }

  /** One page of a list: as a document with what `more` adds, or as a table. */
  page<Row>({ name, found, limit, columns, next }: Page<Row>, more: object = {}): void {
    const rows = found.slice(0, limit)
    const last = found.length > limit ? rows.at(-1) : undefined
    if (this.isJson) this.document({ ...more, [name]: rows, hasMore: last !== undefined })
    else if (rows.length === 0) this.print(`No ${name}.`)
    else this.table(columns, rows)
    if (last !== undefined) this.note(`There are more: ${next(last)}.`)
  }

  /** A remark on stderr, which is not part of the result. */
  note(line: string): void {
    this.io.stderr.write(`${line}\n`)
  }
}
