const FULL = '█'

/** A bar for a value: `room` wide for `most`, and at least one column for anything that is not nothing. */
export function bar(value: number, most: number, room: number): string {
  if (value <= 0 || most <= 0 || room <= 0) return ''
  return FULL.repeat(Math.max(1, Math.round((value / most) * room)))
}
