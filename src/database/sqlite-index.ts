/** An index as the statement that made it describes it. */
interface ParsedIndex {
  /** The SQL of each part, without its direction. */
  readonly parts: readonly string[]
  /** The condition of a partial index. */
  readonly predicate: string | undefined
}

/** A quoted string or name, a comment, or one other character. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?\*\/|[^]/g

/**
 * Reads the expressions and the predicate of an index from its `CREATE INDEX` statement. SQLite stores the statement as
 * it was written, and describes neither anywhere else.
 */
export function parseSqliteIndex(statement: string): ParsedIndex {
  const parts = ['']
  let depth = 0
  let end = 0
  for (const { 0: token, index } of statement.matchAll(TOKEN)) {
    if (token === ')' && --depth === 0) {
      end = index + 1
      break
    }
    if (token === ',' && depth === 1) parts.push('')
    else if (depth > 0) parts.push(`${parts.pop() ?? ''}${token.startsWith('--') ? ' ' : token}`)
    if (token === '(') depth++
  }
  return {
    parts: parts.map((part) => part.trim().replace(/\s+(ASC|DESC)$/i, '')),
    predicate: /^\s*WHERE\s+([^]+?)[\s;]*$/i.exec(statement.slice(end))?.[1],
  }
}
