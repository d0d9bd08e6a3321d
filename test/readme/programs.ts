import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { isProgramCode, type CodeBlock } from './markdown.js'

/** The blocks of one program, between its prelude and its epilogue. */
export interface Program {
  readonly name: string
  readonly file: string
  readonly text: string
  /** For each line of `text` its line in the README; `undefined` for lines that are not from there. */
  readonly readmeLines: readonly (number | undefined)[]
}

interface Line {
  readonly text: string
  readonly readmeLine?: number | undefined
}

const here = import.meta.dirname

/** The files of a program's prelude and epilogue. */
export const preludeAndEpilogue = (name: string) => ({
  prelude: join(here, 'preludes', `${name}.ts`),
  epilogue: join(here, 'epilogues', `${name}.ts`),
})

/** The blocks of each program, by its name. */
export function blocksByProgram(blocks: readonly CodeBlock[]): Map<string, CodeBlock[]> {
  const programs = new Map<string, CodeBlock[]>()
  for (const block of blocks.filter(isProgramCode)) {
    if (block.program !== undefined) {
      programs.set(block.program, [...(programs.get(block.program) ?? []), block])
    }
  }
  return programs
}

/**
 * Makes a module of a program's blocks, in `folder`. The exports of its prelude are the reader's application: the
 * blocks see each of them unless they declare the name themselves. Its epilogue is a function that receives all values
 * that the prelude and the blocks declare, and asserts.
 */
export async function assemble(name: string, blocks: readonly CodeBlock[], folder: string): Promise<Program> {
  const { prelude, epilogue } = preludeAndEpilogue(name)
  const parsed = blocks.map(parseBlock)
  const declared = new Set(parsed.flatMap((block) => block.declared))
  const imported = new Set(parsed.flatMap((block) => block.imports.flatMap(({ names }) => names)))
  const given = exportsOf(await readFile(prelude, 'utf8')).filter(
    (exported) => !declared.has(exported) && !imported.has(exported),
  )
  const lines: Line[] = [
    { text: `import { ${given.join(', ')} } from '${specifier(folder, prelude)}'` },
    { text: `import $check from '${specifier(folder, epilogue)}'` },
    { text: `import { closeDatabase as $close } from '${specifier(folder, join(here, 'database.ts'))}'` },
    ...mergeImports(parsed.flatMap(({ imports }) => imports)),
    ...parsed.flatMap(({ body }) => body),
    { text: `const $program = { ${[...given, ...declared].join(', ')} }` },
    { text: 'await $check($program)' },
    { text: 'await $close()' },
    { text: `console.log('Checked: ${name}')` },
    { text: 'process.exit()' },
  ]
  return {
    name,
    file: join(folder, `${name}.ts`),
    text: lines.map(({ text }) => text).join('\n'),
    readmeLines: lines.map(({ readmeLine }) => readmeLine),
  }
}

interface Import {
  /** The imported names. */
  readonly names: readonly string[]
  /** One statement for each name, or one without names. */
  readonly statements: readonly string[]
  readonly readmeLine: number
}

function parseBlock({ code, line }: CodeBlock) {
  const source = parse(code)
  const lineOf = (node: ts.Node): number =>
    line + source.getLineAndCharacterOfPosition(node.getStart(source)).line
  const imports: Import[] = []
  const declared: string[] = []
  let body = code
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      imports.push({ ...splitImport(statement, source), readmeLine: lineOf(statement) })
      body = blank(body, statement.getStart(source), statement.getEnd())
    } else {
      declared.push(...valuesDeclared(statement))
    }
  }
  return {
    imports,
    declared,
    body: body.split('\n').map((text, index): Line => ({ text, readmeLine: line + index })),
  }
}

function parse(code: string): ts.SourceFile {
  return ts.createSourceFile('block.ts', code, ts.ScriptTarget.ES2022, true)
}

/** Imports go to the top of the module; several blocks may contain the same import. */
function mergeImports(imports: readonly Import[]): Line[] {
  const seen = new Set<string>()
  return imports.flatMap(({ statements, readmeLine }) =>
    statements.filter((text) => !seen.has(text) && seen.add(text)).map((text) => ({ text, readmeLine })),
  )
}

/** `import a, { b, c } from 'd'` becomes three statements, so that duplicates of each can be found. */
function splitImport(statement: ts.ImportDeclaration, source: ts.SourceFile): Omit<Import, 'readmeLine'> {
  const from = statement.moduleSpecifier.getText(source)
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

/** The errors of the TypeScript compiler in strict mode, at the README's lines. */
export function typeErrors(programs: readonly Program[]): string[] {
  // A `declare module` applies to every file compiled with it, so such a program is compiled alone.
  const declaring = programs.filter(({ text }) => text.includes('declare module'))
  const others = programs.filter((program) => !declaring.includes(program))
  return [others, ...declaring.map((program) => [program])].flatMap(typeErrorsTogether)
}

function typeErrorsTogether(programs: readonly Program[]): string[] {
  const compiled = ts.createProgram({
    rootNames: programs.map(({ file }) => file),
    options: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: ['node'],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    },
  })
  return ts.getPreEmitDiagnostics(compiled).map(({ file, start = 0, code, messageText }) => {
    const program = programs.find((candidate) => candidate.file === file?.fileName)
    const line = file === undefined ? 0 : ts.getLineAndCharacterOfPosition(file, start).line
    const readmeLine = program?.readmeLines[line]
    const where = readmeLine === undefined ? `${file?.fileName ?? ''}:${line + 1}` : `README.md:${readmeLine}`
    return `${where} TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}
