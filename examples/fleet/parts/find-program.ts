import { access, constants, readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** The programs that a fleet needs, and their Debian packages. */
const PACKAGES = {
  initdb: 'postgresql',
  postgres: 'postgresql',
  'redis-server': 'redis-server',
  nginx: 'nginx-light',
} as const

/** Debian has a folder for each version of PostgreSQL, which is not in PATH. */
const POSTGRESQL = '/usr/lib/postgresql'

/** @throws {Error} if it is missing; the message names the package to install */
export async function findProgram(name: keyof typeof PACKAGES): Promise<string> {
  const versions = await readdir(POSTGRESQL).catch(() => [])
  const folders = [
    ...versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(POSTGRESQL, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
  ]
  for (const folder of folders) {
    const file = join(folder, name)
    if (await isExecutable(file)) return file
  }
  throw new Error(
    `This example needs ${name}, which is not on this machine. On Debian: apt-get install ${PACKAGES[name]}`,
  )
}

async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}
