import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Locks a folder against a second process: two processes on one embedded database would silently lose each other's
 * writes. The lock of a process that has died is taken over.
 *
 * @returns a function that unlocks the folder
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'lock')
  while (!(await created(file))) {
    const owner = await ownerOf(file)
    if (owner !== undefined && isRunning(owner)) {
      throw new Error(
        `${folder} is in use by process ${owner}: stop that one first, or name another data folder. ` +
          `If process ${owner} is another program, remove ${file}`,
      )
    }
    await remove(file, owner)
  }
  return () => rm(file, { force: true })
}

/** Whether this process created the file: with the flag `wx` only one process can. */
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

/** Renames a stale lock first: between reading and removing it, another process may have taken it over. */
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

/** Signal 0 only tests whether the process exists; EPERM means that it runs as another user. */
function isRunning(pid: number): boolean {
  // In a container a restarted process often gets the same id: then the lock is its own, from before.
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
