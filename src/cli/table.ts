import { printable } from './text.js'

/** A column of a table: its heading, and its text for a row. */
export interface Column<Row> {
  readonly heading: string
  /** The side on which the texts are aligned. @default 'left' */
  readonly align?: 'left' | 'right'
  readonly text: (row: Row) => string
}

const GAP = '  '

/** Rows under headings, aligned; the heading is the first line. Texts are made printable; lines end without spaces. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const lines = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map(({ text }) => printable(text(row)))),
  ]
  const widths = columns.map((_, place) =>
    lines.reduce((most, line) => Math.max(most, line[place]?.length ?? 0), 0),
  )
  return lines.map((line) =>
    line
      .map((text, place) => {
        const padding = ' '.repeat((widths[place] ?? 0) - text.length)
        return columns[place]?.align === 'right' ? padding + text : text + padding
      })
      .join(GAP)
      .trimEnd(),
  )
}
