import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const BETTER_AUTH_VERSION = '1.7.25'

/** A folder of its own: better-auth is not a dependency of this project. */
const FOLDER = fileURLToPath(new URL(`results/better-auth-${BETTER_AUTH_VERSION}/`, import.meta.url))

/**
 * Installs better-auth where no earlier run has done so.
 *
 * @returns its folder; `undefined` if it cannot be installed, and the tables are without it
 */
export async function installBetterAuth(): Promise<string | undefined> {
  if (existsSync(`${FOLDER}/node_modules/better-auth`)) return FOLDER
  console.error(`installing: better-auth ${BETTER_AUTH_VERSION}`)
  await mkdir(FOLDER, { recursive: true })
  const install = ['install', '--prefix', FOLDER, '--no-audit', '--no-fund', '--ignore-scripts']
  try {
    await promisify(execFile)('npm', [...install, `better-auth@${BETTER_AUTH_VERSION}`])
    return FOLDER
  } catch (error) {
    console.error(`better-auth is left out, as it cannot be installed: ${String(error)}`)
    return undefined
  }
}
