import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import PostalMime, { type Email } from 'postal-mime'

/** Everybody's mailbox in one, where no real mail server is at hand. */
export interface Inbox {
  /** @throws {Error} if it is no e-mail that can be read */
  readonly keep: (raw: Buffer) => Promise<void>
  /** The newest first. */
  readonly list: () => Promise<Email[]>
}

/** The oldest goes when one more comes. */
const MOST = 100

/**
 * E-mails as files, just as they came. Not in the database: the application's tables hold no link, and whoever gets to
 * read them can open nothing.
 */
export async function openInbox(folder: string): Promise<Inbox> {
  await mkdir(folder, { recursive: true, mode: 0o700 })

  async function names(): Promise<string[]> {
    const files = await readdir(folder)
    return files.filter((name) => name.endsWith('.eml')).sort((a, b) => (a < b ? 1 : -1))
  }

  return {
    keep: async (raw) => {
      await parse(raw)
      const name = `${new Date().toISOString().replaceAll(':', '-')}-${randomUUID()}`
      const half = join(folder, `${name}.part`)
      await writeFile(half, raw, { flag: 'wx', mode: 0o600 })
      await rename(half, join(folder, `${name}.eml`))
      for (const old of (await names()).slice(MOST)) await rm(join(folder, old), { force: true })
    },
    list: async () => {
      const emails: Email[] = []
      for (const name of await names()) emails.push(await parse(await readFile(join(folder, name))))
      return emails
    },
  }
}

async function parse(raw: Buffer): Promise<Email> {
  return await PostalMime.parse(raw, { maxNestingDepth: 10, forceRfc822Attachments: true })
}
