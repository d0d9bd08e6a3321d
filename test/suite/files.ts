import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe } from 'node:test'
import '../support/embedded.js' // here, so that it closes its databases when the last file is through, not the first

const root = join(import.meta.dirname, '..')

/** One for each of two cores. */
const PARTS = 2
const LONGEST = 120_000

/**
 * Runs half of the suite's files in this process, one after the other: a process for each file would spend most of its
 * time on starting a compiler and a database. A single file runs with `tsx --test FILE`.
 */
export function runPart(part: number): void {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
  for (const file of files.filter((_file, place) => place % PARTS === part)) {
    describe(file, { timeout: LONGEST }, async () => {
      await import(pathToFileURL(join(root, file)).href)
    })
  }
}
