import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe } from 'node:test'
import '../support/embedded.js' // here, so that it closes its databases when the last file is through, not the first

const root = join(import.meta.dirname, '..')

/** One for each of two cores. */
const PARTS = 2
const LONGEST = 120_000

/**
 * What tests the documentation, the examples and the source's layout. It runs once, and not for every database:
 * `npm run test:tooling`.
 */
const isTooling = (file: string): boolean => /^(docs|examples)\W|^house\.test/.test(file)

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .sort(inOrder)

/** What is warned of once a process is tested before other files warn of it. */
function inOrder(one: string, other: string): number {
  const isFirst = (file: string): boolean => file.startsWith(join('checks', 'runtime'))
  return Number(isFirst(other)) - Number(isFirst(one)) || (one < other ? -1 : 1)
}

/**
 * Runs half of the product's tests in this process, one file after the other: a process for each file would spend most
 * of its time on starting a compiler and a database. A single file runs with `tsx --test FILE`.
 */
export function runPart(part: number): void {
  run(parts()[part] ?? [])
}

export function runTooling(): void {
  run(files.filter(isTooling))
}

/** Parts of about the same duration: a longer file takes longer, and goes to the part that has less so far. */
function parts(): readonly (readonly string[])[] {
  const sized = files
    .filter((file) => !isTooling(file))
    .map((file) => ({ file, size: statSync(join(root, file)).size }))
    .sort((one, other) => other.size - one.size)
  const halves = Array.from({ length: PARTS }, () => ({ size: 0, files: [] as string[] }))
  for (const { file, size } of sized) {
    const least = halves.reduce((one, other) => (other.size < one.size ? other : one))
    least.files.push(file)
    least.size += size
  }
  return halves.map((half) => half.files.sort(inOrder))
}

function run(chosen: readonly string[]): void {
  for (const file of chosen) {
    describe(file, { timeout: LONGEST }, async () => {
      await import(pathToFileURL(join(root, file)).href)
    })
  }
}
