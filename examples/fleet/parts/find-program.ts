import { access, constants, readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** What a fleet needs of the machine, and which of Debian's packages has it. */
const PACKAGES = {
  initdb: 'postgresql',
  postgres: 'postgresql',
  'redis-server': 'redis-server',
  nginx: 'nginx-light',
} as const

/** Debian keeps a folder for each version of PostgreSQL, and servers where not everybody's PATH looks. */
const POSTGRESQL = '/usr/lib/postgresql'

/** @throws {Error} saying what to install */
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
