import type { TextStream } from './io.js'

const PIPED = 80

/** How many columns a stream shows: those of its terminal, or what fits everywhere. */
export function terminalWidth({ isTTY, columns }: TextStream): number {
  return isTTY === true && columns !== undefined && columns > 0 ? columns : PIPED
}
