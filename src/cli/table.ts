import { printable, widthOf } from './text.js'

/** A column of a table: its heading, and the side on which its texts are aligned. */
export interface Column {
  readonly heading: string
  /** @default 'left' */
  readonly align?: 'left' | 'right'
}

/** A table that fits. */
export interface FittedTable {
  /** The heading is the first line. */
  readonly lines: readonly string[]
  /** Whether a cell was cut. */
  readonly isClipped: boolean
}

const GAP = '  '
/** The width down to which a column may be cut. */
const NARROWEST = 12
const ELLIPSIS = '…'

/** Rows under headings, aligned; the heading is the first line. Cells are made printable; lines end without spaces. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  return fitTable(columns, rows, { width: Infinity, clips: [] }).lines
}

/** A table whose columns at the places in `clips` are cut to fit `width`, the widest first. */
export function fitTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { width, clips }: { width: number; clips: readonly number[] },
): FittedTable {
  const cells = rows.map((row) => row.map(printable))
  const headings = columns.map(({ heading }) => heading)
  const widths = headings.map((heading, place) =>
    Math.max(widthOf(heading), ...cells.map((row) => widthOf(row[place] ?? ''))),
  )
  const whole = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (columns.length - 1)
  for (let excess = whole - width; excess > 0; excess -= 1) {
    const widest = clips.reduce((one, other) => ((widths[other] ?? 0) > (widths[one] ?? 0) ? other : one))
    if ((widths[widest] ?? 0) <= NARROWEST) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  const shown = cells.map((row) => row.map((cell, place) => clipped(cell, widths[place] ?? 0)))
  return {
    lines: [headings, ...shown].map((row) =>
      row
        .map((cell, place) => padded(cell, widths[place] ?? 0, columns[place]?.align))
        .join(GAP)
        .trimEnd(),
    ),
    isClipped: shown.some((row, at) => row.some((cell, place) => cell !== cells[at]?.[place])),
  }
}

function padded(cell: string, width: number, align: Column['align']): string {
  const padding = ' '.repeat(Math.max(0, width - widthOf(cell)))
  return align === 'right' ? padding + cell : cell + padding
}

function clipped(cell: string, width: number): string {
  if (widthOf(cell) <= width) return cell
  let kept = ''
  for (const character of cell) {
    if (widthOf(kept + character) > width - ELLIPSIS.length) break
    kept += character
  }
  return kept + ELLIPSIS
}
