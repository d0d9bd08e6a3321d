import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFleet } from './fleet.js'

/** `npm run demo:fleet`: everything, in one go, until Ctrl-C. */
async function start(): Promise<void> {
  const kept = process.env['FLEET_DATA']
  if (kept !== undefined) await mkdir(kept, { recursive: true })
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'passport-ephemeral-fleet-')))
  const forget = async (): Promise<void> => {
    if (kept === undefined) await rm(folder, { recursive: true, force: true })
  }
  try {
    const fleet = await startFleet({ folder, port: Number(process.env['PORT'] ?? 3002), log: console.log })
    let isStopping = false
    const stop = (): void => {
      if (isStopping) return
      isStopping = true
      fleet.stop().then(forget).catch(fail)
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
    console.log(`The fleet listens on ${fleet.origin}`)
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
