import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFleet } from './fleet.js'

/** `npm run demo:fleet`: starts the whole fleet, and stops it on Ctrl-C. */
async function start(): Promise<void> {
  const kept = process.env['FLEET_DATA']
  if (kept !== undefined) await mkdir(kept, { recursive: true })
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'passport-ephemeral-fleet-')))
  const forget = async (): Promise<void> => {
    if (kept === undefined) await rm(folder, { recursive: true, force: true })
  }
  const starting = startFleet({ folder, port: Number(process.env['PORT'] ?? 3002), log: console.log })
  let isStopping = false
  const stop = (): void => {
    if (isStopping) return
    isStopping = true
    starting // the parts can be stopped only after the start has finished
      .then((fleet) => fleet.stop())
      .then(forget)
      .catch(fail)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  try {
    console.log(`The fleet listens on ${(await starting).origin}`)
  } catch (error) {
    await forget()
    throw error
  }
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

start().catch(fail)
