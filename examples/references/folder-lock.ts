import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Keeps a second process out of a folder: two of them on one embedded database would silently lose each other's
 * writes. A lock whose process has died is taken over.
 *
 * @returns what gives the folder back
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'lock')
  while (!(await created(file))) {
    const owner = await ownerOf(file)
    if (owner !== undefined && isRunning(owner)) {
      throw new Error(
        `${folder} is in use by process ${owner}: stop that one first, or name another data folder. ` +
          `If process ${owner} is something else altogether, remove ${file}`,
      )
    }
    await remove(file, owner)
  }
  return () => rm(file, { force: true })
}

/** Whether the file was made just now: the file system lets one process have it. */
async function created(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function ownerOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** Moves a stale lock out of the way first: between reading and removing, another process may have taken it over. */
async function remove(file: string, owner: number | undefined): Promise<void> {
  const aside = `${file}.${process.pid}`
  try {
    await rename(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if ((await ownerOf(aside)) === owner) await rm(aside)
  else await rename(aside, file)
}

/** Signal 0 asks without doing anything; EPERM says that it runs, under another user. */
function isRunning(pid: number): boolean {
  // In a container a restarted process tends to get its old number back: then the lock is its own, left behind.
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
