import { setTimeout as sleep } from 'node:timers/promises'
import { visit, type Load } from './load.js'

/**
 * Sends requests at a constant rate, without waiting for responses.
 *
 * @returns the sorted durations, in milliseconds
 */
export async function latencies(load: Load, perSecond: number, seconds: number): Promise<number[]> {
  const taken: Promise<number>[] = []
  const began = performance.now()
  for (let sent = 0; sent < perSecond * seconds; sent++) {
    const due = began + (sent * 1000) / perSecond
    const early = due - performance.now()
    if (early > 1) await sleep(early)
    taken.push(timed(load))
  }
  return (await Promise.all(taken)).sort((a, b) => a - b)
}

async function timed(load: Load): Promise<number> {
  const began = performance.now()
  await visit(load)
  return performance.now() - began
}

/** The quantile of sorted values; `part` is between 0 and 1. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}
