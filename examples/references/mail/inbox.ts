import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import PostalMime, { type Email } from 'postal-mime'

/** One mailbox for all recipients, used without a real mail server. */
export interface Inbox {
  /** @throws {Error} if it cannot be parsed as an e-mail */
  readonly keep: (raw: Buffer) => Promise<void>
  /** The newest first. */
  readonly list: () => Promise<Email[]>
}

/** Beyond this number, the oldest are deleted. */
const MOST = 100

/**
 * Stores e-mails as files, unchanged. Not in the database, so that the application's tables contain no link.
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
