import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { COMPILED } from '../server-process.js'
import type { Cleaned } from '../servers/cleaner.js'

const ENTRY = fileURLToPath(new URL('cleaner.js', COMPILED))

/** Cleans a database up in a new process; the start of the process is not measured. */
export async function clean(url: string, options: object = {}): Promise<Cleaned> {
  const child = fork(ENTRY, [url, JSON.stringify(options)])
  const exit = once(child, 'exit').then(() => {
    throw new Error('The cleaner ended without a result')
  })
  exit.catch(() => undefined)
  const [cleaned] = (await Promise.race([once(child, 'message'), exit])) as [Cleaned]
  return cleaned
}
