import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import ts from 'typescript'
import { pageAt, root } from './pages.js'

/** Where the options of each interface are: the page, and what heads their table. */
const TABLES = {
  VisitorModelOptions: ['docs/options.md', 'defineVisitorModels'],
  VisitorTokenStrategyOptions: ['docs/options.md', 'new VisitorTokenStrategy'],
  EnsureVisitorOptions: ['docs/options.md', 'ensureVisitor'],
  SelfServiceOptions: ['docs/options.md', 'selfServiceRouter'],
  GuestModelOptions: ['docs/options.md', 'defineGuestModel'],
  ConvertOptions: ['docs/options.md', 'Guest.convert'],
  GuestStrategyOptions: ['docs/options.md', 'new GuestStrategy'],
  ConvertRouterOptions: ['docs/options.md', 'convertRouter'],
  MergeGuestOptions: ['docs/options.md', 'mergeGuest'],
  GuestLogoutOptions: ['docs/options.md', 'guestLogout'],
  ErrorPagesOptions: ['docs/options.md', 'errorPages'],
  EnsureGuestOptions: ['docs/options.md', 'ensureGuest'],
  EnsureRegularUserOptions: ['docs/options.md', 'ensureRegularUser'],
  CleanupOptions: ['docs/options.md', 'cleanup'],
  AdminRouterOptions: ['docs/admin.md', 'option'],
} as const

/** Options of every part, which the page explains once, above or below its tables. */
const EVERYWHERE = ['pages', 'trustedOrigins', 'validations']

const entryPoints = ['src/index.ts', 'src/admin/index.ts'].map((path) => join(root, path))

/** The properties of an exported interface, inherited ones included. */
const propertiesOf = (() => {
  const program = ts.createProgram(entryPoints, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
  })
  const checker = program.getTypeChecker()
  const interfaces = new Map<string, string[]>()
  for (const path of entryPoints) {
    const file = program.getSourceFile(path)
    const module = file && checker.getSymbolAtLocation(file)
    for (const exported of module === undefined ? [] : checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      if (!(symbol.flags & ts.SymbolFlags.Interface)) continue
      interfaces.set(
        exported.name,
        checker
          .getDeclaredTypeOfSymbol(symbol)
          .getProperties()
          .map(({ name }) => name),
      )
    }
  }
  return (name: string): readonly string[] => interfaces.get(name) ?? []
})()

/** The options that the first column of a table names. */
function documentedOptions(page: string, heading: string): string[] {
  const lines = pageAt(page).text.split('\n')
  const start = lines.findIndex((line) => {
    const [cell = ''] = cellsOf(line)
    return cell === heading || cell.startsWith(`\`${heading}(`)
  })
  assert.notEqual(start, -1, `${page} has no table for ${heading}`)
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'))
  return lines
    .slice(start + 2, length === -1 ? undefined : start + length)
    .flatMap((line) => [...(cellsOf(line)[0] ?? '').matchAll(/`(?<name>\w+)/g)])
    .map(({ groups }) => groups?.['name'] ?? '')
}

function cellsOf(row: string): string[] {
  return row.startsWith('|')
    ? row
        .slice(1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim())
    : []
}

describe('the pages of options', () => {
  for (const [name, [page, heading]] of Object.entries(TABLES)) {
    test(`${page} names every option of ${name}, and none that it does not have`, () => {
      const options = propertiesOf(name)
      assert.notEqual(options.length, 0, `${name} is not exported`)
      const documented = documentedOptions(page, heading)
      assert.deepEqual(
        {
          undocumented: options.filter((each) => ![...documented, ...EVERYWHERE].includes(each)),
          unknown: documented.filter((each) => !options.includes(each)),
        },
        { undocumented: [], unknown: [] },
      )
    })
  }

  test('docs/options.md explains what every part can be given', () => {
    const { text } = pageAt('docs/options.md')
    for (const name of EVERYWHERE) assert.match(text, new RegExp(`\`${name}\``), name)
  })
})
