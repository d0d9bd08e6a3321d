import { printable } from './printable.js'
import { table, type Column } from './table.js'
import { widthOf } from './width.js'

/** A table that fits. */
export interface Fitted {
  /** The heading comes first. */
  readonly lines: readonly string[]
  /** Whether something was cut off for it. */
  readonly isClipped: boolean
}

/** What a column keeps at least, so that one can tell what is in it. */
const NARROWEST = 12
const MARK = '…'

/** A table of which the columns at these places are cut to fit `width`, the widest first. */
export function fitted(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { width, clips }: { width: number; clips: readonly number[] },
): Fitted {
  const cells = rows.map((row) => row.map(printable))
  const widths = columns.map(({ heading }, place) =>
    Math.max(widthOf(heading), ...cells.map((row) => widthOf(row[place] ?? ''))),
  )
  const whole = widths.reduce((sum, each) => sum + each, 0) + 2 * (columns.length - 1)
  for (let excess = whole - width; excess > 0; excess -= 1) {
    const widest = clips.reduce((one, other) => ((widths[other] ?? 0) > (widths[one] ?? 0) ? other : one))
    if ((widths[widest] ?? 0) <= NARROWEST) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  const shown = cells.map((row) => row.map((cell, place) => clipped(cell, widths[place] ?? 0)))
  return {
    lines: table(columns, shown),
    isClipped: shown.some((row, at) => row.some((cell, place) => cell !== cells[at]?.[place])),
  }
}

function clipped(cell: string, width: number): string {
  if (widthOf(cell) <= width) return cell
  let kept = ''
  for (const character of cell) {
    if (widthOf(kept + character) > width - MARK.length) break
    kept += character
  }
  return kept + MARK
}
