// Builds dist from src: ES modules with their declarations, and for each entry point the two files that CommonJS takes.
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import process from 'node:process'

process.chdir(import.meta.dirname)
rmSync('dist', { recursive: true, force: true })
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
execFileSync(process.execPath, [compiler, '--project', 'tsconfig.build.json'], { stdio: 'inherit' })
chmodSync('dist/cli/bin.js', 0o755)

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
for (const { require } of Object.values(exports)) {
  if (require === undefined) continue
  // Node loads the same ES module for import and require(), so that there is one copy of every class and symbol.
  writeFileSync(require.default, "module.exports = require('./index.js')\n")
  writeFileSync(
    require.types,
    "// @ts-ignore: Node >=20.19 can require() ES modules; TypeScript's `module: node16` reports it as an error\n" +
      "export * from './index.js'\n",
  )
}
