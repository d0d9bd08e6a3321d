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
  GuestStrategyOptions: ['docs/options.md', 'new GuestStrategy'],
  ConvertRouterOptions: ['docs/options.md', 'convertRouter'],
  MergeGuestOptions: ['docs/options.md', 'mergeGuest'],
  GuestLogoutOptions: ['docs/options.md', 'guestLogout'],
  CleanupOptions: ['docs/options.md', 'cleanup'],
  ScheduleCleanupOptions: ['docs/options.md', 'scheduleCleanup'],
  AdminRouterOptions: ['docs/admin.md', 'option'],
} as const

/** What stands before the braces in which `docs/options.md` lists all options: `loadGuest({ Guest, validations })`. */
const BRACES = {
  VisitLogOptions: ['visitLog: '],
  ExpiredLinkOptions: ['onExpiredLink: '],
  EndVisitOptions: ['endVisit(req, '],
  CreateGuestOptions: ['Guest.createGuestUser('],
  DeleteGuestOptions: ['Guest.delete(user, '],
  NumberedUsernameOptions: ['numberedUsername('],
  LoadGuestOptions: ['loadGuest('],
  EnsureGuestOptions: ['ensureGuest('],
  EnsureRegularUserOptions: ['ensureRegularUser('],
  ErrorPagesOptions: ['errorPages('],
  ConvertOptions: ['Guest.convert(user, values, '],
  ThrottleTouchOptions: ['throttleTouch(store, '],
  VerifyEmailOptions: ['verifyEmail: '],
  GuestLocalsOptions: ['guestLocals('],
  PersonOptions: ['personalData(models, ', 'forget(models, '],
  CheckSetupOptions: ['checkSetup(app, '],
  RedactTokensOptions: ['redactTokens(address, '],
  FormHtmlOptions: ['formHtml(page, '],
  PagesOptions: ['pages: '],
} as const

/** Options that are all of another type, too, whose table has them. */
const PARTS = { FlowOptions: 'ConvertRouterOptions', AdminCleanupOptions: 'CleanupOptions' } as const

/** Options of every part, which the page of the operator's pages does not repeat. */
const EVERYWHERE = ['pages', 'trustedOrigins', 'validations']

const entryPoints = ['', 'admin/', 'migrations/', 'pages/messages/', 'pg-boss/'].map((folder) =>
  join(root, 'src', folder, 'index.ts'),
)

/** Every exported type of options, with its properties, inherited ones included. */
const optionsByType = ((): ReadonlyMap<string, readonly string[]> => {
  const program = ts.createProgram(entryPoints, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
  })
  const checker = program.getTypeChecker()
  const types = new Map<string, readonly string[]>()
  for (const path of entryPoints) {
    const file = program.getSourceFile(path)
    const module = file && checker.getSymbolAtLocation(file)
    for (const exported of module === undefined ? [] : checker.getExportsOfModule(module)) {
      if (!exported.name.endsWith('Options')) continue
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const properties = checker.getDeclaredTypeOfSymbol(symbol).getProperties()
      types.set(
        exported.name,
        properties.map(({ name }) => name),
      )
    }
  }
  return types
})()

function propertiesOf(name: string): readonly string[] {
  const options = optionsByType.get(name)
  assert(options !== undefined && options.length > 0, `${name} is not exported`)
  return options
}

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
      const documented = documentedOptions(page, heading)
      const leftOut = page === 'docs/options.md' ? [] : EVERYWHERE
      assert.deepEqual(
        {
          undocumented: options.filter((each) => ![...documented, ...leftOut].includes(each)),
          unknown: documented.filter((each) => !options.includes(each)),
        },
        { undocumented: [], unknown: [] },
      )
    })
  }

  for (const [name, places] of Object.entries(BRACES)) {
    test(`docs/options.md lists every option of ${name}, and none that it does not have`, () => {
      const { text } = pageAt('docs/options.md')
      for (const place of places) {
        const [, list = ''] = text.split(`\`${place}{ `)
        assert.deepEqual(list.split(' }')[0]?.split(', ').toSorted(), propertiesOf(name).toSorted(), place)
      }
    })
  }

  for (const [name, whole] of Object.entries(PARTS)) {
    test(`every option of ${name} is one of ${whole}`, () => {
      const options = propertiesOf(whole)
      assert.deepEqual(
        propertiesOf(name).filter((each) => !options.includes(each)),
        [],
      )
    })
  }

  test('no exported type of options is left out', () => {
    const covered = Object.keys({ ...TABLES, ...BRACES, ...PARTS })
    assert.deepEqual(covered.toSorted(), [...optionsByType.keys()].toSorted())
  })

  test('docs/options.md explains each option of several parts in its first table, and no other', () => {
    const { text } = pageAt('docs/options.md')
    const parts = [...text.matchAll(/^\| \[and\]\(#options-of-several-parts\) (?<names>.*?) \|/gm)]
    const listed = parts.flatMap(({ groups }) =>
      [...(groups?.['names'] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
    )
    const explained = documentedOptions('docs/options.md', 'option')
    const others = ['fields', 'schema'] // which the tables explain further
    assert.ok(parts.length > 5)
    assert.deepEqual(
      {
        unexplained: listed.filter((name) => !explained.includes(name)),
        unlisted: explained.filter((name) => !listed.includes(name) && !others.includes(name)),
      },
      { unexplained: [], unlisted: [] },
    )
  })
})
