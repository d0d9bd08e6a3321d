import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { isProgramCode, type CodeBlock } from './markdown.js'
import { root, type Page } from './pages.js'

/** The blocks of one program, between its prelude and its epilogue. */
export interface Program {
  readonly name: string
  readonly file: string
  readonly text: string
  /** For each line of `text` its place in a page, as `README.md:12`; `undefined` for lines that are not from there. */
  readonly places: readonly (string | undefined)[]
}

interface Line {
  readonly text: string
  readonly place?: string | undefined
}

const here = import.meta.dirname
const reader = join(here, 'reader/application.ts')

/** The application that a program's blocks are added to, and the module that checks the result. */
export const preludeAndEpilogue = (name: string, blocks: readonly CodeBlock[]) => ({
  prelude: isApplication(blocks) ? join(here, 'applications', name) : join(here, 'preludes', `${name}.ts`),
  epilogue: join(here, 'epilogues', `${name}.ts`),
})

/** Whether a program's blocks are files of an application, rather than parts of one module. */
export function isApplication(blocks: readonly CodeBlock[]): boolean {
  return blocks.some(({ file }) => file !== undefined)
}

/** A program that runs: a page, and its blocks of that name. */
export interface ProgramSource {
  readonly name: string
  readonly page: Page
  readonly blocks: readonly CodeBlock[]
}

/** The programs that run, by page and name. */
export function programsOf(pages: readonly Page[]): ProgramSource[] {
  return pages.flatMap((page) => {
    const blocks = page.blocks.filter(isProgramCode)
    const names = new Set(blocks.flatMap(({ program }) => program ?? []))
    return [...names].map((name) => ({
      name,
      page,
      blocks: blocks.filter(({ program }) => program === name),
    }))
  })
}

/**
 * Makes a module of a program's blocks, in `folder`. The exports of its prelude are the reader's application: the
 * blocks see each of them unless they declare the name themselves. Its epilogue is a function that receives all values
 * that the prelude and the blocks declare, and asserts.
 */
export async function assemble({ name, page, blocks }: ProgramSource, folder: string): Promise<Program> {
  const { prelude, epilogue } = preludeAndEpilogue(name, blocks)
  const check = `import $check from '${specifier(folder, epilogue)}'`
  if (isApplication(blocks)) {
    await assembleApplication(prelude, blocks, join(folder, name))
    return program(name, folder, [
      { text: check },
      { text: `await $check('${join(folder, name)}')` },
      ...ending(name),
    ])
  }
  const parsed = blocks.map((block) => parseBlock(block, page, folder))
  const given = exportsOf(await readFile(prelude, 'utf8')).filter(isGiven(parsed))
  const declared = new Set(parsed.flatMap((block) => block.declared))
  return program(name, folder, [
    { text: `import { ${given.join(', ')} } from '${specifier(folder, prelude)}'` },
    { text: check },
    { text: `import { closeDatabase as $close } from '${specifier(folder, join(here, 'database.ts'))}'` },
    ...mergeImports(parsed.flatMap(({ imports }) => imports)),
    ...parsed.flatMap(({ body }) => body),
    { text: `const $program = { ${[...given, ...declared].join(', ')} }` },
    { text: 'await $check($program)' },
    { text: 'await $close()' },
    ...ending(name),
  ])
}

/** An application's own files, with those of the page: a block replaces the line `// the page's lines` of its file. */
async function assembleApplication(
  origin: string,
  blocks: readonly CodeBlock[],
  folder: string,
): Promise<void> {
  await cp(origin, folder, { recursive: true })
  await mkdir(join(folder, 'node_modules'))
  await symlink(root, join(folder, 'node_modules/passport-ephemeral'))
  for (const { file = '', code } of blocks) {
    const path = join(folder, file)
    const own = existsSync(path) ? await readFile(path, 'utf8') : PAGE_LINES
    if (!own.includes(PAGE_LINES)) throw new Error(`${origin}/${file} has no line '${PAGE_LINES}'`)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(
      path,
      own.replace(PAGE_LINES, () => code),
    )
  }
}

const PAGE_LINES = "// the page's lines"

/** A module of one block that does not run: the compiler sees it in an application that has what the pages name. */
export async function assembleFragment(page: Page, block: CodeBlock, folder: string): Promise<Program> {
  const parsed = parseBlock(block, page, folder)
  const own = exportsOf(await readFile(reader, 'utf8')).filter(isGiven([parsed]))
  const ours = exportsOf(await readFile(join(root, 'src/index.ts'), 'utf8'))
    .filter(isGiven([parsed]))
    .filter((exported) => !own.includes(exported))
  return program(`${page.path.replace(/\W/g, '-')}-${block.line}`, folder, [
    { text: `import { ${own.join(', ')} } from '${specifier(folder, reader)}'` },
    { text: `import { ${ours.join(', ')} } from 'passport-ephemeral'` },
    ...mergeImports(parsed.imports),
    ...parsed.body,
    { text: 'export {}' },
  ])
}

function program(name: string, folder: string, lines: readonly Line[]): Program {
  return {
    name,
    file: join(folder, `${name}.ts`),
    text: lines.map(({ text }) => text).join('\n'),
    places: lines.map(({ place }) => place),
  }
}

const ending = (name: string): Line[] => [
  { text: `console.log('Checked: ${name}')` },
  { text: 'process.exit()' },
]

/** Whether the blocks neither declare nor import a name of the reader's application. */
function isGiven(parsed: readonly ReturnType<typeof parseBlock>[]): (name: string) => boolean {
  const own = new Set(
    parsed.flatMap(({ declared, imports }) => [...declared, ...imports.flatMap(({ names }) => names)]),
  )
  return (name) => !own.has(name)
}

interface Import {
  /** The imported names. */
  readonly names: readonly string[]
  /** One statement for each name, or one without names. */
  readonly statements: readonly string[]
  readonly place: string
}

function parseBlock({ code, line }: CodeBlock, { path }: Page, folder: string) {
  const source = parse(code)
  const placeOf = (node: ts.Node): string =>
    `${path}:${line + source.getLineAndCharacterOfPosition(node.getStart(source)).line}`
  const imports: Import[] = []
  const declared: string[] = []
  let body = code
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      imports.push({ ...splitImport(statement, source, folder), place: placeOf(statement) })
      body = blank(body, statement.getStart(source), statement.getEnd())
    } else if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
      const from = statement.moduleSpecifier.getText(source)
      body = body.replace(from, readersModule(from, folder))
    } else {
      declared.push(...valuesDeclared(statement))
    }
  }
  body = body.replace(/(?<=\bimport\()'\.[^']*'(?=\))/g, (from) => readersModule(from, folder))
  return {
    imports,
    declared,
    body: body.split('\n').map((text, index): Line => ({ text, place: `${path}:${line + index}` })),
  }
}

function parse(code: string): ts.SourceFile {
  return ts.createSourceFile('block.ts', code, ts.ScriptTarget.ES2022, true)
}

/** Imports go to the top of the module; several blocks may contain the same import. */
function mergeImports(imports: readonly Import[]): Line[] {
  const seen = new Set<string>()
  return imports.flatMap(({ statements, place }) =>
    statements.filter((text) => !seen.has(text) && seen.add(text)).map((text) => ({ text, place })),
  )
}

/** `import a, { b, c } from 'd'` becomes three statements, so that duplicates of each can be found. */
function splitImport(
  statement: ts.ImportDeclaration,
  source: ts.SourceFile,
  folder: string,
): Omit<Import, 'place'> {
  const from = readersModule(statement.moduleSpecifier.getText(source), folder)
  const clause = statement.importClause
  if (clause === undefined) return { names: [], statements: [`import ${from}`] }
  const type = clause.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type ' : ''
  const names: string[] = []
  const statements: string[] = []
  if (clause.name !== undefined) {
    names.push(clause.name.text)
    statements.push(`import ${type}${clause.name.text} from ${from}`)
  }
  const bindings = clause.namedBindings
  if (bindings !== undefined && ts.isNamespaceImport(bindings)) {
    names.push(bindings.name.text)
    statements.push(`import ${type}${bindings.getText(source)} from ${from}`)
  }
  for (const element of bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : []) {
    names.push(element.name.text)
    statements.push(`import ${type}{ ${element.getText(source)} } from ${from}`)
  }
  return { names, statements }
}

/** A relative path in a block leads into the reader's application. */
function readersModule(quoted: string, folder: string): string {
  return quoted.startsWith("'.") ? `'${specifier(folder, reader)}'` : quoted
}

/** The names of the values that a top-level statement declares. */
function valuesDeclared(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => namesBound(name))
  }
  const declares = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)
  return declares && statement.name !== undefined ? [statement.name.text] : []
}

function namesBound(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text]
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesBound(element.name)))
}

function exportsOf(code: string): string[] {
  return parse(code).statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement
      return exportClause !== undefined && ts.isNamedExports(exportClause)
        ? exportClause.elements.map(({ name }) => name.text)
        : []
    }
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined
    const exported = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
    const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)
    if (exported && isType) return [statement.name.text]
    return exported ? valuesDeclared(statement) : []
  })
}

/** Overwrites a range with spaces, so that all other code keeps its line and column. */
function blank(code: string, start: number, end: number): string {
  return code.slice(0, start) + code.slice(start, end).replaceAll(/[^\n]/g, ' ') + code.slice(end)
}

function specifier(folder: string, file: string): string {
  return relative(folder, file).replace(/\.ts$/, '.js')
}

/** The errors of the TypeScript compiler in strict mode, at the lines of the pages. */
export function typeErrors(programs: readonly Program[]): string[] {
  // A `declare module` applies to every file compiled with it, so such a program is compiled alone.
  const declaring = programs.filter(({ text }) => text.includes('declare module'))
  const others = programs.filter((each) => !declaring.includes(each))
  return [others, ...declaring.map((each) => [each])].flatMap(typeErrorsTogether)
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  experimentalDecorators: true, // of NestJS
  noEmit: true,
}
const compilerHost = ts.createCompilerHost(options)
const parsedFiles = new Map<string, ts.SourceFile | undefined>()

/** Parses each file of the packages once for all programs. */
const host: ts.CompilerHost = {
  ...compilerHost,
  getSourceFile(file, ...rest) {
    if (!parsedFiles.has(file)) parsedFiles.set(file, compilerHost.getSourceFile(file, ...rest))
    return parsedFiles.get(file)
  },
}

function typeErrorsTogether(programs: readonly Program[]): string[] {
  const compiled = ts.createProgram({ rootNames: programs.map(({ file }) => file), options, host })
  return ts.getPreEmitDiagnostics(compiled).map(({ file, start = 0, code, messageText }) => {
    const found = programs.find((candidate) => candidate.file === file?.fileName)
    const line = file === undefined ? 0 : ts.getLineAndCharacterOfPosition(file, start).line
    const where = found?.places[line] ?? `${file?.fileName ?? ''}:${line + 1}`
    return `${where} TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}
