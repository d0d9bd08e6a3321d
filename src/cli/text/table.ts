import { printable } from './printable.js'
import { widthOf } from './width.js'

/** A column of a table: its heading, and on which side its texts are flush. */
export interface Column {
  readonly heading: string
  /** @default 'left' */
  readonly align?: 'left' | 'right'
}

const GAP = '  '

/** Rows under headings, aligned; the heading comes first. Cells are made printable, and nothing trails on the right. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map(({ heading }) => heading), ...rows].map((row) => row.map(printable))
  const widths = columns.map((_column, place) => Math.max(...cells.map((row) => widthOf(row[place] ?? ''))))
  return cells.map((row) =>
    row
      .map((cell, place) => padded(cell, widths[place] ?? 0, columns[place]?.align))
      .join(GAP)
      .trimEnd(),
  )
}

function padded(cell: string, width: number, align: Column['align']): string {
  const padding = ' '.repeat(Math.max(0, width - widthOf(cell)))
  return align === 'right' ? padding + cell : cell + padding
}
