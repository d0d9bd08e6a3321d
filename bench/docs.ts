import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'

/** The page with the tables, each between `<!-- table: NAME -->` and `<!-- end -->`. */
const PAGE = new URL('../docs/performance.md', import.meta.url)

/**
 * Replaces a table in docs/performance.md, with the date and the machine.
 *
 * @throws {Error} if the page has no table of that name
 */
export async function writeToDocs(name: string, table: string, conditions: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8')
  const place = new RegExp(`(<!-- table: ${name} -->\n)[^]*?(<!-- end -->)`)
  if (!place.test(page)) throw new Error(`docs/performance.md has no table '${name}'`)
  const day = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length)
  const measured = `Measured on ${day}: Node ${process.version}, ${String(cpus().length)} cores for everything, ${conditions}.`
  await writeFile(
    PAGE,
    page.replace(place, (_, begin: string, end: string) => `${begin}\n${measured}\n\n${table}\n\n${end}`),
  )
}
